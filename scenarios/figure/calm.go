package figure

import (
	"math"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// phaseSteady names the stretch of an arm at its full rate.
const phaseSteady = "steady"

// calm adds the latencies of the steady part before any fault (PERF-6), as
// p50_due_s/steady and its like. An arm without a phase of that name has none.
func (r *reckoning) calm(all []account.Message, windows []history.Window) {
	from, to := math.Inf(1), math.Inf(-1)
	for _, p := range r.arm.Record.Phases {
		if p.Name == phaseSteady {
			from, to = min(from, p.FromS), max(to, p.ToS)
		}
	}
	for _, w := range windows {
		to = min(to, w.FromS)
	}
	if to <= from {
		return
	}
	p := account.PartOf(all, []history.Window{{FromS: from, ToS: to}})
	r.latencies("due_s", "/"+phaseSteady, p, account.SliceOf(p.In).Due, (*account.Message).SinceDueS, "p50", "p99")
}
