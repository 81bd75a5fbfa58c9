// Package message owns the words in which the callback and the features speak of a message:
// what it asks, what answers it, and what is told of it afterwards. It holds types only, so
// that features need not import each other.
package message

import (
	"time"

	"oalab/server/wechat"
)

// Reply answers a message. The zero value shows nothing to the follower.
type Reply struct {
	// Show is what the follower sees at once, of any of the platform's kinds; nil means
	// nothing (MSG-4).
	Show wechat.Reply
	// Later means that the answer comes as a message of its own; Show is nil then.
	Later bool
}

// Text is a reply of a text, clipped to what the platform takes.
func Text(text string) Reply { return Reply{Show: wechat.TextReply{Content: wechat.ClipText(text)}} }

// Entry is a message that was answered (LOG-1).
type Entry struct {
	Account, OpenID string
	// Key identifies the message among those of its account (MSG-6).
	Key string
	// Type is MsgType; Event and EventKey are "" for what is no event.
	Type, Event, EventKey string
	// Content is what the follower said or sent: the words, then the further fields of
	// the message as a JSON object under the platform's names, with a blank between.
	Content string
	// Answer is how it was answered: reply, default, stale, handed_over or success.
	Answer string
	// Sent is the message's CreateTime, the same for all tries.
	Sent, Received time.Time
	// Took is the time from Received until the answer was known.
	Took time.Duration
}
