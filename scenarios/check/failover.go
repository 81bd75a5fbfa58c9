package check

import (
	"math"
	"slices"

	"oalab/scenarios/history"
)

// failover adds the figures of the cycles of one fault (REP-8): by the probe of the
// virtual IP the longest outage, median and 95th percentile with their intervals, by
// due times the longest, and the medians of its parts. N is the number of cycles
// behind a figure; a cycle in which it cannot be known does not count.
func (r *reckoning) failover(fault string) {
	var of []Cycle
	for _, c := range r.cycles {
		if c.Fault == fault {
			of = append(of, c)
		}
	}
	if len(of) == 0 {
		return
	}
	suffix := "/" + fault
	known := func(value func(Cycle) float64) []float64 {
		var out []float64
		for _, c := range of {
			if v := value(c); !math.IsNaN(v) {
				out = append(out, v)
			}
		}
		return ascending(out)
	}
	r.count("cycles"+suffix, len(of), len(of))
	if tries := known(func(c Cycle) float64 { return c.TriesUnexplained }); len(tries) == len(of) {
		sum := 0.0
		for _, n := range tries {
			sum += n
		}
		r.count("tries_unexplained"+suffix, int(sum), len(tries))
	}
	probe := known(func(c Cycle) float64 { return c.ProbeS })
	r.longestOf("outage_probe_s"+suffix, probe)
	r.quantileOf("outage_median_s"+suffix, probe, 0.5)
	r.quantileOf("outage_p95_s"+suffix, probe, 0.95)
	r.longestOf("outage_due_s"+suffix, known(func(c Cycle) float64 { return c.DueS }))
	for _, part := range []struct {
		name  string
		value func(Cycle) float64
	}{
		{"detect_s", func(c Cycle) float64 { return c.DetectS }},
		{"take_over_s", func(c Cycle) float64 { return c.TakeOverS }},
		{"reconnect_s", func(c Cycle) float64 { return c.ReconnectS }},
		{"replay_s", func(c Cycle) float64 { return c.ReplayS }},
	} {
		r.quantileOf(part.name+suffix, known(part.value), 0.5)
	}
}

func (r *reckoning) longestOf(name string, sorted []float64) {
	if n := len(sorted); n > 0 {
		r.add(name, sorted[n-1], unitSeconds, n)
	}
}

// quantileOf adds a quantile of ascending observations, with its interval where
// there are enough of them.
func (r *reckoning) quantileOf(name string, sorted []float64, q float64) {
	if len(sorted) == 0 {
		return
	}
	f := history.Figure{Name: name, Value: Quantile(sorted, q), Unit: unitSeconds, N: len(sorted)}
	if low, high, ok := quantileInterval(sorted, q); ok {
		f.CILow, f.CIHigh = &low, &high
	}
	r.out = append(r.out, f)
}

// outageOf is the longest outage that clients met in the windows of a fault: with a
// virtual IP of its cycles, which tell it from that of the way back, else until the
// fault was healed. With two masters it is the longest time without an acknowledged
// canary write.
func (r *reckoning) outageOf(windows []history.Window) float64 {
	if writes := silences(acknowledged(r.arm.Samples), windows); len(writes) > 0 {
		return slices.Max(writes)
	}
	if len(windows) == 0 || len(r.cycles) == 0 {
		return longest(r.gaps, windows)
	}
	length := 0.0
	for _, c := range r.cycles {
		if c.Fault == windows[0].Fault {
			length = max(length, c.ClientsS)
		}
	}
	return length
}
