package figure

import (
	"math"
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// failover adds the figures of the cycles of one fault (REP-8): by the probe of the
// virtual IP the longest outage, median and 95th percentile with their intervals, by
// due times the longest, and the medians of its parts. N is the number of cycles
// behind a figure; a cycle in which it cannot be known does not count.
func (r *reckoning) failover(fault string) {
	var of [account.Views][]account.Cycle
	for v := range account.Views {
		of[v] = slices.DeleteFunc(slices.Clone(r.cycles[v]), func(c account.Cycle) bool { return c.Fault != fault })
	}
	if len(of[account.Recorded]) == 0 {
		return
	}
	suffix := "/" + fault
	r.count("cycles"+suffix, len(of[account.Recorded]), len(of[account.Recorded]))
	unexplained := func(c account.Cycle) float64 { return c.TriesUnexplained }
	if tries := known(of[account.Recorded], unexplained); len(tries) == len(of[account.Recorded]) {
		r.count("tries_unexplained"+suffix, int(sum(tries)), len(tries))
		r.between("tries_unexplained"+suffix, sum(known(of[account.Kindest], unexplained)), sum(known(of[account.Harshest], unexplained)),
			sum(known(r.freeOf(of[account.Recorded]), unexplained)))
	}
	longest := func(sorted []float64) float64 { return stat.Quantile(sorted, 1) }
	at := func(q float64) func([]float64) float64 {
		return func(sorted []float64) float64 { return stat.Quantile(sorted, q) }
	}
	for _, part := range []struct {
		name  string
		of    func([]float64) float64
		q     float64 // 0: no quantile
		value func(account.Cycle) float64
	}{
		{"outage_probe_s", longest, 0, func(c account.Cycle) float64 { return c.ProbeS }},
		{"outage_median_s", at(0.5), 0.5, func(c account.Cycle) float64 { return c.ProbeS }},
		{"outage_p95_s", at(0.95), 0.95, func(c account.Cycle) float64 { return c.ProbeS }},
		{"outage_due_s", longest, 0, func(c account.Cycle) float64 { return c.DueS }},
		{"detect_s", at(0.5), 0.5, func(c account.Cycle) float64 { return c.DetectS }},
		{"take_over_s", at(0.5), 0.5, func(c account.Cycle) float64 { return c.TakeOverS }},
		{"reconnect_s", at(0.5), 0.5, func(c account.Cycle) float64 { return c.ReconnectS }},
		{"replay_s", at(0.5), 0.5, func(c account.Cycle) float64 { return c.ReplayS }},
	} {
		values := known(of[account.Recorded], part.value)
		if part.q > 0 {
			r.quantileOf(part.name+suffix, values, part.q)
		} else {
			r.longestOf(part.name+suffix, values)
		}
		r.between(part.name+suffix, part.of(known(of[account.Kindest], part.value)), part.of(known(of[account.Harshest], part.value)),
			part.of(known(r.freeOf(of[account.Recorded]), part.value)))
	}
}

// known are the values of cycles that are known, ascending.
func known(of []account.Cycle, value func(account.Cycle) float64) []float64 {
	var out []float64
	for _, c := range of {
		if v := value(c); !math.IsNaN(v) {
			out = append(out, v)
		}
	}
	return stat.Ascending(out)
}

func sum(of []float64) float64 {
	s := 0.0
	for _, v := range of {
		s += v
	}
	return s
}

// freeOf are the cycles in which the machine was not full.
func (r *reckoning) freeOf(of []account.Cycle) []account.Cycle {
	return slices.DeleteFunc(slices.Clone(of), func(c account.Cycle) bool { return r.machine.FullIn(c.BeginS, c.EndS+account.SettleS) })
}

func (r *reckoning) longestOf(name string, sorted []float64) {
	if n := len(sorted); n > 0 {
		r.add(name, sorted[n-1], n)
	}
}

// quantileOf adds a quantile of ascending observations, with its interval where
// there are enough of them.
func (r *reckoning) quantileOf(name string, sorted []float64, q float64) {
	if len(sorted) == 0 {
		return
	}
	f := history.Figure{Name: name, Value: stat.Quantile(sorted, q), Unit: r.unit(name), N: len(sorted)}
	if low, high, ok := stat.QuantileInterval(sorted, q); ok {
		f.CILow, f.CIHigh = &low, &high
	}
	r.out = append(r.out, exactly(f))
}

// outage adds the longest outage that clients met in the windows of a fault: with a
// virtual IP of its cycles, which tell it from that of the way back, else until the
// fault was healed. With two masters it is the longest time without an acknowledged
// canary write.
func (r *reckoning) outage(suffix string, windows []history.Window, tries int) {
	name := "outage_s" + suffix
	if writes := account.WriteGapsS(account.AcknowledgedWrites(r.arm.Samples), windows); len(writes) > 0 {
		r.add(name, slices.Max(writes), tries)
		return
	}
	r.add(name, r.outageIn(account.Recorded, windows), tries)
	free := math.NaN()
	if len(windows) == 0 {
		free = account.LongestGapS(slices.DeleteFunc(slices.Clone(r.gaps[account.Recorded]), func(g account.Gap) bool { return r.machine.FullIn(g.FromS, g.ToS) }), nil)
	} else if of := r.freeOf(r.cycles[account.Recorded]); len(of) > 0 {
		free = longestMet(of, windows[0].Fault)
	}
	r.between(name, r.outageIn(account.Kindest, windows), r.outageIn(account.Harshest, windows), free)
}

func (r *reckoning) outageIn(v account.View, windows []history.Window) float64 {
	if len(windows) == 0 || len(r.cycles[v]) == 0 {
		return account.LongestGapS(r.gaps[v], windows)
	}
	return longestMet(r.cycles[v], windows[0].Fault)
}

// longestMet is the longest outage that clients met in the cycles of a fault.
func longestMet(of []account.Cycle, fault string) float64 {
	length := 0.0
	for _, c := range of {
		if c.Fault == fault {
			length = max(length, c.ClientsS)
		}
	}
	return length
}
