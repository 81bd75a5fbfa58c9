package callback

import (
	"context"
	"slices"
	"time"

	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// UserLog keeps what followers send.
type UserLog interface {
	// Write returns when the entry is safe, or when waiting for that would keep the
	// answer too long: the follower is answered in any case. An entry of the same
	// message may be written again.
	Write(ctx context.Context, e message.Entry)
	// First returns when the try of a message came that was answered first, by whichever
	// server, and false when none was. sent is the message's CreateTime.
	First(ctx context.Context, account, key string, sent time.Time) (received time.Time, found bool, err error)
}

// record logs a message with its answer, before the platform has the answer: a
// message without a row was not answered.
func (h *Handler) record(ctx context.Context, of message.Heard, arrived time.Time, a answer) {
	if h.cfg.UserLog == nil {
		return
	}
	m := of.Message
	h.cfg.UserLog.Write(ctx, message.Entry{
		Account: of.Account, OpenID: m.From, Key: m.Key(), Type: m.Type, Event: m.Event, EventKey: m.EventKey,
		Content: h.content(m), Answer: a.outcome, Sent: time.Unix(m.CreateTime, 0), Received: arrived,
		Took: time.Since(arrived),
	})
}

// hiddenContent stands in the log for a secret.
const hiddenContent = "******"

// content is what the log gets of a message: all that it says, unless that is a secret.
func (h *Handler) content(m *wechat.Message) string {
	words := m.Words()
	if slices.ContainsFunc(h.cfg.Private, func(private func(string) bool) bool { return private(words) }) {
		return hiddenContent
	}
	return content(m)
}

// longEventKey is the longest EventKey that has room in its own column of the log.
const longEventKey = 255

// content is all that a message says: what a person said stands first and as it is, so
// that it can be searched; the rest keeps its names.
func content(m *wechat.Message) string {
	words, rest := m.Words(), m.Extra
	if len(m.EventKey) > longEventKey {
		rest = append([]wechat.Element{{Name: "EventKey", Text: m.EventKey}}, rest...)
	}
	if _, spoken := m.Body.(*wechat.Voice); spoken {
		rest = slices.DeleteFunc(slices.Clone(rest), func(e wechat.Element) bool { return e.Name == "Recognition" })
	}
	if len(rest) == 0 {
		return words
	}
	var b []byte
	if words != "" {
		b = append(append(b, words...), ' ')
	}
	return string(wechat.AppendJSON(b, rest))
}
