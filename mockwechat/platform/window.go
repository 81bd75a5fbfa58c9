package platform

import (
	"time"

	"oalab/mockwechat/message"
)

// allowance is how many custom messages may still be sent to a follower, and
// until when.
type allowance struct {
	until time.Time
	left  int
}

func (w *allowance) open(now time.Time) bool { return now.Before(w.until) }

// follower is what an account remembers of one follower. It is guarded by the
// lock of the account.
type follower struct {
	message allowance // opened by a message
	event   allowance // opened by a click, a scan or a follow
	gone    bool      // has unsubscribed
	heard   time.Time // the last message of either side
	waits   time.Time // for an agent, since then; zero: it does not
	typing  time.Time // until when the follower is shown that the account types
}

// NoteActivity is what a pushed message changes on the platform: the set of
// followers, and how long and how often the account may write to the follower.
func (a *Official) NoteActivity(m *message.Message, now time.Time, l Limits) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.followers[m.OpenID]
	if f == nil {
		f = &follower{}
		a.followers[m.OpenID] = f
	}
	if !m.IsEvent() {
		f.gone, f.heard = false, now
		f.message = allowance{now.Add(l.MessageWindow), l.MessageCount}
		return
	}
	switch m.Event {
	case "unsubscribe":
		*f = follower{gone: true}
	case "subscribe", "SCAN", "CLICK", "scancode_push", "scancode_waitmsg":
		f.gone = false
		f.event = allowance{now.Add(l.EventWindow), l.EventCount}
	}
}

// Spend takes one custom message out of a follower's allowance; the shorter
// window is used first.
func (a *Official) Spend(openID string, now time.Time) Code {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.followers[openID]
	if f == nil || f.gone {
		return CodeOutOfWindow
	}
	open := false
	for _, w := range []*allowance{&f.event, &f.message} {
		if !w.open(now) {
			continue
		}
		open = true
		if w.left > 0 {
			w.left--
			f.heard, f.typing = now, time.Time{}
			return CodeOK
		}
	}
	if open {
		return CodeOutOfCount
	}
	return CodeOutOfWindow
}

// Relation is how an openid stands to an account.
type Relation int

// The relations of an openid to an account.
const (
	Foreign  Relation = iota // malformed, or of another account
	Stranger                 // was or could be a follower, is none now
	Follows
)

// Relation says how an openid stands to the account.
func (a *Official) Relation(openID string) Relation {
	if !WellFormed(openID) {
		return Foreign
	}
	a.mu.Lock()
	f := a.followers[openID]
	gone := f != nil && f.gone
	a.mu.Unlock()
	switch {
	case gone:
		return Stranger
	case f != nil, a.isFollower != nil && a.isFollower(openID):
		return Follows
	}
	return Foreign
}

// The platform shows "typing" for 15 s, and only within 30 s of a message of either side.
const (
	typingFor   = 15 * time.Second
	typingAfter = 30 * time.Second
)

// Typing shows a follower that the account types, or no more. It reports that this was
// shown already, or that no message has passed lately; neither changes anything.
func (a *Official) Typing(openID string, on bool, now time.Time) (already, idle bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.followers[openID]
	if f == nil || f.gone || now.Sub(f.heard) > typingAfter {
		return false, true
	}
	if !on {
		f.typing = time.Time{}
		return false, false
	}
	if now.Before(f.typing) {
		return true, false
	}
	f.typing = now.Add(typingFor)
	return false, false
}

// Gone says whether an openid has unsubscribed.
func (a *Official) Gone(openID string) bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.followers[openID]
	return f != nil && f.gone
}
