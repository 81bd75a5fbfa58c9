package account

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

// Message is one planned operation with all that is known of it.
type Message struct {
	Plan history.PlannedOp
	DueS float64            // seconds after base
	Op   *history.Operation // what the generator recorded; nil: never started
	// Tries are the deliveries by the number of the try; empty without a pusher. A
	// fault may deliver one try twice: of lines with one number the last decides.
	Tries []wl.Delivery

	// OwnS is how late it was by the generator's own fault, in seconds. Weigh sets it.
	OwnS float64
	// doubtful has a value for each try: whether it failed and the generator's own error
	// could have turned that. Nil before Weigh.
	doubtful []bool
	// MachineFull says that it was under way while the machine was full. Weigh sets it.
	MachineFull bool
}

// Pushed reports whether the operation is one that the platform's pusher delivers
// and records, and not a bare request.
func (m *Message) Pushed() bool {
	return m.Plan.OpenID != "" && m.Plan.Kind != history.KindLogin && m.Plan.Kind != history.KindGrab || len(m.Tries) > 0
}

// Started reports whether any trace of the operation leads to the server.
func (m *Message) Started() bool { return m.Op != nil || len(m.Tries) > 0 }

// Answered reports whether the follower got an answer of the server, also if the order was
// not accepted; of a plain request, whether any answer came.
func (m *Message) Answered() bool {
	if !m.Pushed() {
		return m.Op != nil && (m.Op.Status != 0 || m.Op.Error == "")
	}
	_, ok := m.Read()
	return ok
}

// SinceDueS is how long a message that was run took from when it was due, in seconds.
func (m *Message) SinceDueS() float64 { return m.Op.EndS() - m.DueS }

// SinceSentS is how long a message that was run took from when it was sent, in seconds.
func (m *Message) SinceSentS() float64 { return m.Op.LatencyS }

// Read is the reply that the follower read, if any try brought one.
func (m *Message) Read() (string, bool) {
	for i, d := range m.Tries {
		if decides := i+1 == len(m.Tries) || m.Tries[i+1].Try != d.Try; decides && d.OK {
			return d.Reply, true
		}
	}
	return "", false
}

// Serial is the serial of the order that the follower saw acknowledged, or "".
func (m *Message) Serial() string {
	reply, _ := m.Read()
	if found := serialIn.FindStringSubmatch(reply); found != nil {
		return found[1]
	}
	return ""
}

// Retried reports whether the platform made more than one try.
func (m *Message) Retried() bool { return len(m.Tries) > 0 && m.Tries[len(m.Tries)-1].Try > 1 }

// reached reports whether the server may have seen the message: any try that was
// not refused at the door.
func (m *Message) reached() bool {
	return slices.ContainsFunc(m.Tries, func(d wl.Delivery) bool { return !d.Refused })
}

// Name words the message for a detail.
func (m *Message) Name() string { return fmt.Sprintf("seq %d openid %s", m.Plan.Seq, m.Plan.OpenID) }

// Messages joins plan, operations and tries of an arm on attack and seq. In a closed
// model there is no schedule: an operation is due when it starts.
func Messages(a *history.Arm) []Message {
	out := make([]Message, len(a.Plan))
	for i, p := range a.Plan {
		out[i] = Message{Plan: p, DueS: p.DueS}
	}
	for i := range a.Operations {
		op := &a.Operations[i]
		if op.Seq >= uint64(len(out)) {
			continue // loading refuses it
		}
		out[op.Seq].Op = op
		if a.Record.Load.Model == ModelClosed {
			out[op.Seq].DueS = op.StartS
		}
	}
	for _, d := range a.Deliveries {
		if d.Seq < uint64(len(out)) && Ours(a, d) {
			out[d.Seq].Tries = append(out[d.Seq].Tries, d)
		}
	}
	for i := range out {
		slices.SortStableFunc(out[i].Tries, func(x, y wl.Delivery) int { return cmp.Compare(x.Try, y.Try) })
	}
	if a.Record.Load.Model == ModelClosed { // what steps had no time for was never due
		out = out[:min(len(out), max(len(a.Operations), a.Record.Load.Scheduled))]
	}
	return out
}

// ModelClosed names the model of a load whose clients wait for an answer before they send again.
const ModelClosed = "closed"

// Ours reports whether a try belongs to the arm's attack. Messages pushed by hand
// over the control port carry none.
func Ours(a *history.Arm, d wl.Delivery) bool { return d.Attack == a.Name }
