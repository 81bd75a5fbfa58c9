package account

import (
	"net/http"
	"strings"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// Outcome is what became of one operation, seen from the follower's side.
type Outcome string

// The outcomes. Only rejected and failed operations were surely not done: what is
// unknown may have happened, and every checker accepts either.
const (
	OutcomeOK       Outcome = "ok"       // a try was answered as the platform wants it
	OutcomeRejected Outcome = "rejected" // an order answered by something that is no acknowledgement
	OutcomeFailed   Outcome = "failed"   // every try was refused at the door
	OutcomeUnknown  Outcome = "unknown"  // no answer counted, but a try may have reached the server
	OutcomeDropped  Outcome = "dropped"  // due, but never started by the generator
)

// Outcome is what became of the message.
func (m *Message) Outcome() Outcome {
	switch {
	case !m.Started():
		return OutcomeDropped
	case !m.Pushed():
		return bareOutcome(*m.Op)
	}
	if reply, ok := m.Read(); ok {
		if m.Plan.Kind == history.KindOrder && hasWords(reply) && m.Serial() == "" {
			return OutcomeRejected
		}
		return OutcomeOK
	}
	if len(m.Tries) > 0 && !m.reached() {
		return OutcomeFailed
	}
	return OutcomeUnknown
}

// bareOutcome judges a plain request or a visit, made without the platform's pusher.
func bareOutcome(op history.Operation) Outcome {
	switch {
	case op.Status >= http.StatusOK && op.Status < http.StatusMultipleChoices:
		return OutcomeOK
	case op.Status == 0 && strings.Contains(op.Error, "connection refused"):
		return OutcomeFailed
	default:
		return OutcomeUnknown
	}
}

// hasWords reports whether a reply says anything to the follower.
func hasWords(reply string) bool { return reply != "" && reply != "success" }

// TryAnswered reports whether the server answered the try in full, also if an injected fault
// kept the answer from the platform.
func TryAnswered(d wl.Delivery) bool {
	return d.OK || d.Lost && d.Status == http.StatusOK
}

// struck reports whether a try failed the way an outage makes tries fail: refused,
// timed out, cut off or answered by a server error.
func struck(d wl.Delivery) bool {
	return !d.OK && (d.Refused || d.TimedOut || d.Lost || d.Status == 0 || d.Status >= http.StatusInternalServerError)
}
