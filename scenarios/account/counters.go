package account

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// Counters are the kernel's counters of an arm's hosts over time (history.ProbeHost), by
// the names of their series.
type Counters map[string][]Counted

// Counted is one reading of a counter.
type Counted struct{ AtS, Value float64 }

// CountersOf reads the counters of an arm; readings that failed are left out.
func CountersOf(a *history.Arm) Counters {
	c := Counters{}
	for _, s := range a.Samples {
		if s.Probe == history.ProbeHost && s.Error == "" {
			c[s.Name] = append(c[s.Name], Counted{s.AtS, s.Value})
		}
	}
	for _, readings := range c {
		slices.SortStableFunc(readings, func(a, b Counted) int { return cmp.Compare(a.AtS, b.AtS) })
	}
	return c
}

// Of are the readings of one counter of a host, in the order of time.
func (c Counters) Of(host, counter string) []Counted { return c[host+"."+counter] }

// Rise is by how much a counter rose between the first and the last reading within a
// stretch of time, and in what time that was; both are 0 with fewer than two readings.
func (c Counters) Rise(host, counter string, fromS, toS float64) (by, overS float64) {
	var in []Counted
	for _, r := range c.Of(host, counter) {
		if r.AtS >= fromS && r.AtS <= toS {
			in = append(in, r)
		}
	}
	if len(in) < 2 {
		return 0, 0
	}
	first, last := in[0], in[len(in)-1]
	return last.Value - first.Value, last.AtS - first.AtS
}

// Answered is how many callbacks each server answered a second between the first and the
// last of its own figures within a stretch of time, by the server's name.
func Answered(a *history.Arm, fromS, toS float64) map[string]float64 {
	c := Counters{}
	for _, s := range a.Samples {
		if server, ok := strings.CutSuffix(s.Probe, probeMetrics); ok && s.Error == "" && SeriesMatches(s.Name, seriesMessages) && s.AtS >= fromS && s.AtS <= toS {
			c[server] = append(c[server], Counted{s.AtS, s.Value})
		}
	}
	out := map[string]float64{}
	for server, readings := range c {
		sums := map[float64]float64{} // of all series of one page
		for _, r := range readings {
			sums[r.AtS] += r.Value
		}
		at := slices.Sorted(maps.Keys(sums))
		if first, last := at[0], at[len(at)-1]; last > first {
			out[server] = (sums[last] - sums[first]) / (last - first)
		}
	}
	return out
}

// seriesMessages counts the callbacks of a server by type and outcome.
const seriesMessages = "oalab_callback_messages_total"

// Apps are the app servers that were counted, in the order of their names.
func (c Counters) Apps() []string {
	names := map[string]bool{}
	for series := range c {
		if host, counter, _ := strings.Cut(series, "."); counter == history.CounterCPU && strings.HasPrefix(host, "app") {
			names[host] = true
		}
	}
	return slices.Sorted(maps.Keys(names))
}
