package check

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// serialIn finds the serial that acknowledges an order in what the follower read.
// Nothing else that the server says may match.
var serialIn = regexp.MustCompile(`流水号：([0-9A-Z]{16,32})`)

// message is one planned operation with all that is known of it.
type message struct {
	plan history.PlannedOp
	due  float64            // seconds after base
	run  *history.Operation // nil: never started
	// tries are the deliveries by the number of the try; empty without a pusher. A
	// fault may deliver one try twice: of lines with one number the last decides.
	tries []wl.Delivery
}

// pushed reports whether the operation is one that the platform's pusher delivers
// and records, and not a bare request.
func (m *message) pushed() bool { return m.plan.OpenID != "" || len(m.tries) > 0 }

// started reports whether any trace of the operation leads to the server.
func (m *message) started() bool { return m.run != nil || len(m.tries) > 0 }

// read is the reply that the follower read, if any try brought one.
func (m *message) read() (string, bool) {
	for i, d := range m.tries {
		if decides := i+1 == len(m.tries) || m.tries[i+1].Try != d.Try; decides && d.OK {
			return d.Reply, true
		}
	}
	return "", false
}

// serial is the serial of the order that the follower saw acknowledged, or "".
func (m *message) serial() string {
	reply, _ := m.read()
	if found := serialIn.FindStringSubmatch(reply); found != nil {
		return found[1]
	}
	return ""
}

// retried reports whether the platform made more than one try.
func (m *message) retried() bool { return len(m.tries) > 0 && m.tries[len(m.tries)-1].Try > 1 }

// reached reports whether the server may have seen the message: any try that was
// not refused at the door.
func (m *message) reached() bool {
	return slices.ContainsFunc(m.tries, func(d wl.Delivery) bool { return !d.Refused })
}

// name words the message for a detail.
func (m *message) name() string { return fmt.Sprintf("seq %d openid %s", m.plan.Seq, m.plan.OpenID) }

// messages joins plan, operations and tries of an arm on attack and seq. In a closed
// model there is no schedule: an operation is due when it starts.
func messages(a *history.Arm) []message {
	out := make([]message, len(a.Plan))
	for i, p := range a.Plan {
		out[i] = message{plan: p, due: p.DueS}
	}
	for i := range a.Operations {
		op := &a.Operations[i]
		if op.Seq >= uint64(len(out)) {
			continue // loading refuses it
		}
		out[op.Seq].run = op
		if a.Record.Load.Model == modelClosed {
			out[op.Seq].due = op.StartS
		}
	}
	for _, d := range a.Deliveries {
		if d.Seq < uint64(len(out)) && ours(a, d) {
			out[d.Seq].tries = append(out[d.Seq].tries, d)
		}
	}
	for i := range out {
		slices.SortStableFunc(out[i].tries, func(x, y wl.Delivery) int { return cmp.Compare(x.Try, y.Try) })
	}
	return out
}

const modelClosed = "closed"

// ours reports whether a try belongs to the arm's attack. Messages pushed by hand
// over the control port carry none.
func ours(a *history.Arm, d wl.Delivery) bool { return d.Attack == a.Name }

// dueIn selects the messages that were due in any of the windows.
func dueIn(all []message, windows []history.Window) []message {
	var out []message
	for _, m := range all {
		if slices.ContainsFunc(windows, func(w history.Window) bool { return w.Contains(m.due) }) {
			out = append(out, m)
		}
	}
	return out
}
