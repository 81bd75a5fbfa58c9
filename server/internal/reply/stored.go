// Package reply owns the promise that a message has one reply, whichever try asks and
// whichever server answers (MSG-6), and the form in which replies are stored. Any feature
// may make the promise, for a reply of any kind.
package reply

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// Stored is a reply as the database and Redis keep it. A text is stored as every version
// stored it. Of another form Text is "": a server from before the forms takes that for a
// text without content and refuses the try, and the platform's next one may reach a
// server that knows the form. Otherwise it would show the fields to the follower.
type Stored struct {
	Text  string `json:"text,omitempty" db:"content"`
	Later bool   `json:"later,omitempty" db:"later"`
	// Form is the platform's MsgType, formNothing, or "" for a text and for Later.
	Form string `json:"form,omitempty" db:"form"`
	// Fields is the reply as a JSON object; "" where Form says all.
	Fields string `json:"fields,omitempty" db:"fields"`
}

// formNothing is the form of a reply that shows nothing to the follower.
const formNothing = "nothing"

// ErrStored means that a stored reply cannot be read, perhaps because a later version of
// the server wrote it.
var ErrStored = errors.New("stored reply cannot be read")

// Pack makes the stored form of a reply. One that the platform would refuse is an error
// (wechat.ErrReply): a message whose reply cannot be sent would never be answered.
func Pack(r message.Reply) (Stored, error) {
	switch {
	case r.Later:
		return Stored{Later: true}, nil
	case r.Show == nil:
		return Stored{Form: formNothing}, nil
	}
	if err := wechat.CheckReply(r.Show); err != nil {
		return Stored{}, err
	}
	if text, ok := r.Show.(wechat.TextReply); ok {
		return Stored{Text: text.Content}, nil
	}
	form := formOf(r.Show)
	if form == "" {
		return Stored{}, fmt.Errorf("%w: %T has no stored form", wechat.ErrReply, r.Show)
	}
	fields, err := json.Marshal(r.Show)
	if err != nil {
		return Stored{}, fmt.Errorf("pack a reply of form %s: %w", form, err)
	}
	return Stored{Form: form, Fields: string(fields)}, nil
}

// Same reports whether two replies are the same.
func Same(a, b message.Reply) bool {
	one, err := Pack(a)
	other, err2 := Pack(b)
	return err == nil && err2 == nil && one == other
}

func formOf(r wechat.Reply) string {
	switch r.(type) {
	case wechat.ImageReply:
		return "image"
	case wechat.VoiceReply:
		return "voice"
	case wechat.VideoReply:
		return "video"
	case wechat.MusicReply:
		return "music"
	case wechat.NewsReply:
		return "news"
	case wechat.TransferReply:
		return "transfer_customer_service"
	}
	return ""
}

// Unpack returns the reply. What this version does not know, a form or a field, is an
// error (ErrStored): what is left of the reply would not be the same reply.
func (s Stored) Unpack() (message.Reply, error) {
	if s.Later {
		return message.Reply{Later: true}, nil
	}
	var show wechat.Reply
	var err error
	switch s.Form {
	case "":
		return message.Text(s.Text), nil
	case formNothing:
		return message.Reply{}, nil
	case "image":
		show, err = fields[wechat.ImageReply](s.Fields)
	case "voice":
		show, err = fields[wechat.VoiceReply](s.Fields)
	case "video":
		show, err = fields[wechat.VideoReply](s.Fields)
	case "music":
		show, err = fields[wechat.MusicReply](s.Fields)
	case "news":
		show, err = fields[wechat.NewsReply](s.Fields)
	case "transfer_customer_service":
		show, err = fields[wechat.TransferReply](s.Fields)
	default:
		err = errors.New("this version does not know the form")
	}
	if err == nil {
		err = wechat.CheckReply(show)
	}
	if err != nil {
		return message.Reply{}, fmt.Errorf("%w: form %q: %w", ErrStored, s.Form, err)
	}
	return message.Reply{Show: show}, nil
}

// fields reads one reply strictly.
func fields[T wechat.Reply](text string) (r wechat.Reply, err error) {
	var value T
	d := json.NewDecoder(strings.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("more than one value")
	}
	return value, nil
}
