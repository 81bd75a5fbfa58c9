package figure

import (
	"oalab/scenarios/account"
)

// goodput adds the figures of an arm that was overloaded.
func (r *reckoning) goodput() {
	levels, peak := account.OfferedLevels(r.arm)
	ratio, n := account.PlateauOf(levels, peak)
	if n == 0 {
		return
	}
	r.add("goodput_peak_per_s", peak, n)
	r.add("goodput_ratio", ratio, n)
	if s, n := account.RecoveryOf(r.arm); n > 0 {
		r.add("recovery_s", s, n)
	}
	var took []float64
	for _, d := range r.arm.Deliveries {
		if d.OK && account.Ours(r.arm, d) {
			took = append(took, d.TookS)
		}
	}
	if len(took) > 0 {
		l := account.LatencyOf(took)
		r.add("p99_answer_s", l.P99, l.N)
	}
}
