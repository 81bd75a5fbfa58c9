package account

import (
	"oalab/scenarios/history"
)

// Observed is one planned operation as its follower met it. Plots draw it.
type Observed struct {
	Seq   uint64
	Kind  string
	DueS  float64 // seconds after base; in a closed model when it started
	EndS  float64 // when the follower had the answer or gave up; of no meaning unless Ended
	Ended bool    // the generator saw the end
	// Answered reports whether the follower got an answer; only then is there a latency.
	Answered bool
	Outcome  Outcome
	Serial   string // of an order that the follower saw acknowledged, else ""

	due, sent float64
}

// DueLatency is how long the follower waited from when the operation was due, by the
// rule of Slice.Due, and whether that is known.
func (o Observed) DueLatency() (seconds float64, known bool) {
	return o.due, o.Answered
}

// SentLatency is the time from the generator's start to the answer, and whether there
// was one.
func (o Observed) SentLatency() (seconds float64, known bool) { return o.sent, o.Answered }

// Observe lists all planned operations of an arm in the order of the plan. Whole and Phases
// count the same.
func Observe(a *history.Arm) []Observed {
	all := Messages(a)
	out := make([]Observed, len(all))
	for i := range all {
		m := &all[i]
		o := Observed{Seq: m.Plan.Seq, Kind: m.Plan.Kind, DueS: m.DueS, Outcome: m.Outcome(), Serial: m.Serial()}
		if m.Op != nil {
			o.Ended, o.EndS, o.Answered = true, m.Op.EndS(), m.Answered()
			o.due, o.sent = m.Op.EndS()-m.DueS, m.Op.LatencyS
		}
		out[i] = o
	}
	return out
}
