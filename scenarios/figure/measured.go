package figure

import (
	"math"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Measured is a figure of an arm with what its judgement needs to know beside its value.
type Measured struct {
	history.Figure
	// Low and High are the ends of what the figure could be, given how late each operation
	// was by the generator's own fault. Without that both are the value.
	Low, High float64
	// Full reports that the machine was full where the figure was taken. Free is what it
	// would be without what was under way then, NaN where that cannot be told.
	Full bool
	Free float64
}

// exactly is a figure that the generator did not widen.
func exactly(f history.Figure) Measured {
	return Measured{Figure: f, Low: f.Value, High: f.Value, Free: math.NaN()}
}

// Widened reports whether the generator's own error left the figure open.
func (f Measured) Widened() bool { return f.Low < f.Value || f.High > f.Value }

// Line is the figure as run.json has it: its interval holds what the generator's own
// error leaves open, and what statistics do.
func (f Measured) Line() history.Figure {
	out := f.Figure
	if f.Widened() {
		low, high := f.Low, f.High
		if out.CILow != nil && out.CIHigh != nil {
			low, high = min(low, *out.CILow), max(high, *out.CIHigh)
		}
		out.CILow, out.CIHigh, out.Widened = &low, &high, true
	}
	return out
}

// markFull marks the figures of scopes in which the machine was full.
func (r *reckoning) markFull() {
	if len(r.machine.Full) == 0 {
		return
	}
	for i := range r.out {
		_, suffix, _ := strings.Cut(r.out[i].Name, "/")
		r.out[i].Full = r.fullIn(suffix)
	}
}

// fullIn reports whether the machine was full in the scope of a suffix: the windows of a
// fault, a phase, or else the whole arm.
func (r *reckoning) fullIn(suffix string) bool {
	if of := account.WindowsOf(r.windows, suffix); len(of) > 0 {
		return slices.ContainsFunc(of, func(w history.Window) bool {
			return r.machine.FullIn(account.Begins(w)-account.LeadS, max(w.ToS, w.HealedS)+account.SettleS)
		})
	}
	for _, p := range r.arm.Record.Phases {
		if p.Name == suffix {
			return r.machine.FullIn(p.FromS, p.ToS)
		}
	}
	return len(r.machine.Full) > 0
}

var allQuantiles = []string{"p50", "p95", "p99", "p999"}

// latencies adds quantiles of how long the answered operations of a scope took.
// Their ends follow from each operation's own lateness: it may have taken as much less,
// because only the generator made it wait, or as much more, because what came late gave
// the system that long to catch up. Operations at the edge of the scope count at either
// end only where they draw the quantile there.
func (r *reckoning) latencies(name, suffix string, p account.Part, l account.Latency, of func(*account.Message) float64, quantiles ...string) {
	if l.N == 0 {
		return
	}
	var low, high, edgeLow, edgeHigh, free []float64
	for i := range p.In {
		m := &p.In[i]
		if m.Op == nil || !m.Answered() {
			continue
		}
		v := of(m)
		if p.Edge[i] {
			edgeLow, edgeHigh = append(edgeLow, max(0, v-m.OwnS)), append(edgeHigh, v+m.OwnS)
		} else {
			low, high = append(low, max(0, v-m.OwnS)), append(high, v+m.OwnS)
		}
		if !m.MachineFull {
			free = append(free, v)
		}
	}
	for i := range p.Strays {
		if m := &p.Strays[i]; m.Op != nil && m.Answered() {
			edgeLow, edgeHigh = append(edgeLow, max(0, of(m)-m.OwnS)), append(edgeHigh, of(m)+m.OwnS)
		}
	}
	low, high, free = stat.Ascending(low), stat.Ascending(high), stat.Ascending(free)
	for _, q := range []struct {
		name  string
		value float64
		q     float64
	}{{"p50", l.P50, 0.5}, {"p95", l.P95, 0.95}, {"p99", l.P99, 0.99}, {"p999", l.P999, 0.999}} {
		if !slices.Contains(quantiles, q.name) {
			continue
		}
		full := q.name + "_" + name + suffix
		r.add(full, q.value, l.N)
		r.between(full,
			drawn(low, edgeLow, q.q, func(edge, at float64) bool { return edge <= at }),
			drawn(high, edgeHigh, q.q, func(edge, at float64) bool { return edge >= at }),
			stat.Quantile(free, q.q))
	}
}

// drawn is a quantile of sure observations, ascending, and of those at the edge that
// draw it their way.
func drawn(sure, edge []float64, q float64, draws func(edge, at float64) bool) float64 {
	at := stat.Quantile(sure, q)
	if len(edge) == 0 {
		return at
	}
	all := slices.Clone(sure)
	for _, v := range edge {
		if len(sure) == 0 || draws(v, at) {
			all = append(all, v)
		}
	}
	return stat.Quantile(stat.Ascending(all), q)
}
