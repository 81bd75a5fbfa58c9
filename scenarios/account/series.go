package account

import (
	"math"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// Series of the server that show whether work is left.
const (
	SeriesQueue      = "oalab_queue_depth"
	SeriesOutbox     = "oalab_outbox_rows"
	SeriesInFlight   = "oalab_work_in_flight"
	SeriesUnfinished = "oalab_orders_unfinished"
	SeriesStatements = "oalab_db_statements_total"
	SeriesOfOrders   = `oalab_db_statements_total{of="orders"}`
	SeriesCache      = "oalab_cache_requests_total"
	seriesPush       = "oalab_push_delay_seconds"
)

// SeriesMatches reports whether a series has the metric's name and all of its labels.
// Series and metric look like name{label="value",…}; more labels do not hurt.
func SeriesMatches(series, metric string) bool {
	name, labels, _ := strings.Cut(series, "{")
	wantName, wantLabels, _ := strings.Cut(metric, "{")
	if name != wantName {
		return false
	}
	have := splitLabels(strings.TrimSuffix(labels, "}"))
	for _, l := range splitLabels(strings.TrimSuffix(wantLabels, "}")) {
		if !slices.Contains(have, l) {
			return false
		}
	}
	return true
}

// splitLabels cuts a="x",b="y" at the commas that stand outside of quotes.
func splitLabels(s string) []string {
	var out []string
	quoted, start := false, 0
	for i := range len(s) {
		switch {
		case s[i] == '"' && (i == 0 || s[i-1] != '\\'):
			quoted = !quoted
		case s[i] == ',' && !quoted:
			out = append(out, strings.TrimSpace(s[start:i]))
			start = i + 1
		}
	}
	if last := strings.TrimSpace(s[start:]); last != "" {
		out = append(out, last)
	}
	return out
}

// source is one series of one probe.
type source struct{ probe, name string }

// CounterIncrease is by how much a counter rose in a window: from the last sample before
// it, over all matching series. A counter that fell was restarted from zero.
func CounterIncrease(samples []history.Sample, metric string, w history.Window) float64 {
	total := 0.0
	eachRise(samples, w, func(name string) bool { return SeriesMatches(name, metric) }, func(_ source, by float64) { total += by })
	return total
}

// eachRise tells each rise of the counters that are wanted in a window, by the rules of
// CounterIncrease, in the order of the samples.
func eachRise(samples []history.Sample, w history.Window, wanted func(series string) bool, tell func(of source, by float64)) {
	last := map[source]float64{}
	for _, s := range samples {
		if s.Error != "" || s.AtS > w.ToS || !wanted(s.Name) {
			continue
		}
		key := source{s.Probe, s.Name}
		before, seen := last[key]
		if s.AtS >= w.FromS && seen {
			if s.Value >= before {
				tell(key, s.Value-before)
			} else {
				tell(key, s.Value)
			}
		}
		last[key] = s.Value
	}
}

// EndState is the value of a gauge after the last operation, summed over its
// series, and how many of them there are. It is unknown when a probe saw the gauge
// last before the load was over, or failed after it.
func EndState(a *history.Arm, metric string) (sum float64, n int) {
	over := LastEnd(a)
	latest := map[source]history.Sample{}
	failed := map[string]float64{}
	for _, s := range a.Samples {
		if s.Error != "" {
			failed[s.Probe] = math.Max(failed[s.Probe], s.AtS)
			continue
		}
		if key := (source{s.Probe, s.Name}); SeriesMatches(s.Name, metric) && s.AtS >= latest[key].AtS {
			latest[key] = s
		}
	}
	// In a fixed order: the sum of floats depends on it.
	keys := make([]source, 0, len(latest))
	for key := range latest {
		keys = append(keys, key)
	}
	slices.SortFunc(keys, func(x, y source) int { return strings.Compare(x.probe+"\x00"+x.name, y.probe+"\x00"+y.name) })
	for _, key := range keys {
		s := latest[key]
		if s.AtS < over || failed[key.probe] > s.AtS {
			return 0, 0
		}
		sum += s.Value
	}
	return sum, len(keys)
}

// LastEnd is when the last operation was over, in seconds after base.
func LastEnd(a *history.Arm) float64 {
	end := 0.0
	for _, op := range a.Operations {
		end = math.Max(end, op.EndS())
	}
	return end
}

// AtRest reports whether the system had come to rest: the runner saw it empty, or
// the last samples show nothing queued, in the outbox or in work.
func AtRest(a *history.Arm) bool {
	if a.Record.DrainedS > 0 {
		return true
	}
	for _, metric := range []string{SeriesQueue, SeriesOutbox, SeriesInFlight} {
		if left, n := EndState(a, metric); n == 0 || left != 0 {
			return false
		}
	}
	return true
}
