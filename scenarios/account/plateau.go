package account

import (
	"oalab/scenarios/history"
)

// NearPeak is the share of the peak from which on a system is busy: the first step that
// reaches it is the knee. Which of the steps of a plateau is the highest is chance.
const NearPeak = 0.9

// PastStep is a step with more clients than the knee of its way of serving.
type PastStep struct {
	StepSeen

	// Share is that of the peak.
	Share float64
}

// GoodPerS is what a step answered well.
func GoodPerS(s StepSeen) float64 {
	if s.Done == 0 {
		return 0
	}
	return s.PerS * float64(s.Done-s.Failed) / float64(s.Done)
}

// BeyondPeak are the steps of each way with more clients than its knee. A step that was
// never steady counts if it was carried out: one in which nothing ended is the worst of all.
func BeyondPeak(a *history.Arm) []PastStep {
	peak, knee := map[int]float64{}, map[int]int{}
	var steps []StepSeen
	for _, s := range Steps(a) {
		if s.Calibrates || s.TooBusy() || !(s.ToS > s.FromS) {
			continue
		}
		steps = append(steps, s)
		peak[s.Nodes] = max(peak[s.Nodes], GoodPerS(s))
	}
	for _, s := range steps {
		if least, known := knee[s.Nodes]; GoodPerS(s) >= NearPeak*peak[s.Nodes] && (!known || s.Clients < least) {
			knee[s.Nodes] = s.Clients
		}
	}
	var out []PastStep
	for _, s := range steps {
		if p := peak[s.Nodes]; p > 0 && s.Clients > knee[s.Nodes] {
			out = append(out, PastStep{s, GoodPerS(s) / p})
		}
	}
	return out
}
