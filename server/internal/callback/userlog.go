package callback

import (
	"context"
	"strconv"
	"time"

	"oalab/server/wechat"
)

// LogEntry is a message that was answered (LOG-1).
type LogEntry struct {
	Account, OpenID string
	// Key identifies the message among those of its account (MSG-6).
	Key string
	// Type is MsgType; Event and EventKey are "" for what is no event.
	Type, Event, EventKey string
	// Content is what the follower said or sent, in short.
	Content string
	// Answer is how it was answered: reply, default, handed_over or success.
	Answer string
	// Sent is the message's CreateTime, the same for all tries.
	Sent, Received time.Time
}

// UserLog keeps what followers send.
type UserLog interface {
	// Write returns when the entry is safe, or when waiting for that would keep the
	// answer too long: the follower is answered in any case. An entry of the same
	// message may be written again.
	Write(ctx context.Context, e LogEntry)
}

// record logs a message with its answer, before the platform has the answer: a
// message that nobody remembers was not answered.
func (h *Handler) record(ctx context.Context, account string, m *wechat.Message, arrived time.Time, a answer) {
	if h.cfg.UserLog == nil {
		return
	}
	h.cfg.UserLog.Write(ctx, LogEntry{
		Account: account, OpenID: m.From, Key: m.Key(), Type: m.Type, Event: m.Event, EventKey: m.EventKey,
		Content: content(m), Answer: a.outcome, Sent: time.Unix(m.CreateTime, 0), Received: arrived,
	})
}

// content is what a person wants to read of a message: words, or where the rest is.
func content(m *wechat.Message) string {
	switch b := m.Body.(type) {
	case *wechat.Text:
		return b.Content
	case *wechat.Image:
		return b.PicURL
	case *wechat.Voice:
		if b.Recognition != "" {
			return b.Recognition
		}
		return b.MediaID
	case *wechat.Video:
		return b.MediaID
	case *wechat.Location:
		return strconv.FormatFloat(b.Latitude, 'f', -1, 64) + "," + strconv.FormatFloat(b.Longitude, 'f', -1, 64) + " " + b.Label
	case *wechat.Link:
		return b.URL
	default:
		return ""
	}
}
