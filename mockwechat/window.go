package mockwechat

import "time"

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
}

// noteActivity is what a pushed message changes on the platform: who follows,
// and how long and how often the account may write to the follower.
func (a *account) noteActivity(m *Message, now time.Time, l Limits) {
	a.mu.Lock()
	defer a.mu.Unlock()
	f := a.followers[m.OpenID]
	if f == nil {
		f = &follower{}
		a.followers[m.OpenID] = f
	}
	if !m.isEvent() {
		f.gone = false
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

// spend takes one custom message out of a follower's allowance; the shorter
// window is used first.
func (a *account) spend(openID string, now time.Time) Code {
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
			return CodeOK
		}
	}
	if open {
		return CodeOutOfCount
	}
	return CodeOutOfWindow
}

// relation is how an openid stands to an account.
type relation int

const (
	relationForeign  relation = iota // malformed, or of another account
	relationStranger                 // was or could be a follower, is none now
	relationFollower
)

func (a *account) relation(openID string) relation {
	if !wellFormed(openID) {
		return relationForeign
	}
	a.mu.Lock()
	f := a.followers[openID]
	gone := f != nil && f.gone
	a.mu.Unlock()
	switch {
	case gone:
		return relationStranger
	case f != nil, a.isFollower != nil && a.isFollower(openID):
		return relationFollower
	}
	return relationForeign
}
