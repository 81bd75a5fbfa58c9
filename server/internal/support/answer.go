package support

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/wechat"
)

// StoredReply is an answer of another kind than a text, as a store keeps it.
type StoredReply struct {
	// Form is the platform's MsgType, Fields the reply as a JSON object.
	Form   string `json:"form" db:"form"`
	Fields string `json:"fields" db:"fields"`
}

// PackReply makes the stored form of an answer that is no text. One that the platform would
// refuse is an error.
func PackReply(r wechat.Reply) (StoredReply, error) {
	s, err := reply.Pack(message.Reply{Show: r})
	if err != nil {
		return StoredReply{}, err
	}
	if s.Form == "" {
		return StoredReply{}, fmt.Errorf("%w: a text stands among the answers", wechat.ErrReply)
	}
	return StoredReply{Form: s.Form, Fields: s.Fields}, nil
}

// Unpack returns the answer. What this version does not know is an error.
func (s StoredReply) Unpack() (wechat.Reply, error) {
	r, err := reply.Stored{Form: s.Form, Fields: s.Fields}.Unpack()
	if err == nil && (s.Form == "" || r.Show == nil) {
		err = fmt.Errorf("%w: no form of an answer", reply.ErrStored)
	}
	return r.Show, err
}

// contents is how many answers the entry chooses from.
func (e Entry) contents() int { return len(e.Answers) + len(e.Replies) }

// content is one of them, the texts first. A text is cut to what the platform takes.
func (e Entry) content(i int) wechat.Reply {
	if i < len(e.Answers) {
		return wechat.TextReply{Content: wechat.ClipText(e.Answers[i])}
	}
	return e.Replies[i-len(e.Answers)]
}

// Same reports whether two entries have the same answers and are hidden or not alike.
func (e Entry) Same(other Entry) bool {
	return e.Hidden == other.Hidden && slices.Equal(e.Answers, other.Answers) && slices.EqualFunc(e.Replies, other.Replies, sameReply)
}

func sameReply(a, b wechat.Reply) bool {
	return reply.Same(message.Reply{Show: a}, message.Reply{Show: b})
}

// faultOf is why an answer that is no text is not stored, or nil.
func faultOf(r wechat.Reply) error {
	s, err := PackReply(r)
	if err != nil {
		return err
	}
	if news, ok := r.(wechat.NewsReply); ok && len(news.Articles) > 1 {
		return errors.New("the platform shows one article in answer to a message")
	}
	if strings.Contains(s.Fields, accepted) {
		return fmt.Errorf("it contains %s, by which followers know an accepted order", accepted)
	}
	return nil
}
