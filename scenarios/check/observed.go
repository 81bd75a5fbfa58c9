package check

import "oalab/scenarios/history"

// Observed is one planned operation as its follower met it, for those who draw.
type Observed struct {
	Seq     uint64
	Kind    string
	DueS    float64 // seconds after base; in a closed model when it started
	EndS    float64 // when the follower had the answer or gave up; of no meaning unless Ended
	Ended   bool    // the generator saw the end
	Outcome Outcome
	Serial  string // of an order that the follower saw acknowledged, else ""

	due, sent float64
}

// DueLatency is how long the follower waited from when the operation was due, by the
// rule of Slice.Due, and whether that is known.
func (o Observed) DueLatency() (seconds float64, known bool) {
	return o.due, o.Ended || o.Outcome == OutcomeDropped
}

// SentLatency is the time from the generator's start to the answer, and whether the
// operation was started and its end seen.
func (o Observed) SentLatency() (seconds float64, known bool) { return o.sent, o.Ended }

// Observe lists all planned operations of an arm in the order of the plan. What it
// says is what Figures and Phases count.
func Observe(a *history.Arm) []Observed {
	all, end := messages(a), lastEnd(a)
	out := make([]Observed, len(all))
	for i := range all {
		m := &all[i]
		o := Observed{Seq: m.plan.Seq, Kind: m.plan.Kind, DueS: m.due, Outcome: m.outcome(), Serial: m.serial(), due: max(0, end-m.due)}
		if m.run != nil {
			o.Ended, o.EndS = true, m.run.EndS()
			o.due, o.sent = m.run.EndS()-m.due, m.run.LatencyS
		}
		out[i] = o
	}
	return out
}
