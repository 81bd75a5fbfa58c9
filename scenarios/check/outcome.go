package check

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

func (m *message) outcome() Outcome {
	switch {
	case !m.started():
		return OutcomeDropped
	case !m.pushed():
		return bareOutcome(*m.run)
	}
	if reply, ok := m.read(); ok {
		if m.plan.Kind == history.KindOrder && hasWords(reply) && m.serial() == "" {
			return OutcomeRejected
		}
		return OutcomeOK
	}
	if len(m.tries) > 0 && !m.reached() {
		return OutcomeFailed
	}
	return OutcomeUnknown
}

// bareOutcome judges a plain request, sent without the platform's pusher.
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

// answered reports whether the server answered the try in full, be it that an
// injected fault kept the answer from the platform.
func answered(d wl.Delivery) bool {
	return d.OK || d.Lost && d.Status == http.StatusOK
}

// struck reports whether a try failed the way an outage makes tries fail: refused,
// timed out, cut off or answered by a server error.
func struck(d wl.Delivery) bool {
	return !d.OK && (d.Refused || d.TimedOut || d.Lost || d.Status == 0 || d.Status >= http.StatusInternalServerError)
}
