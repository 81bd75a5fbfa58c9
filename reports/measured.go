package reports

import (
	"fmt"
	"math"
	"slices"

	"oalab/reports/plot"
	"oalab/reports/series"
	"oalab/scenarios/account"
)

// overTime shows rate and latency over time with the faults (REP-2).
func (r *run) overTime() section {
	s := section{ID: "time", Title: "Rate and latency over time"}
	r.show(&s, plotRate, plotLatency)
	s.lead("Shaded stretches are faults in effect, with their names above; a triangle marks when a fault was healed.")
	return s
}

// distribution shows how latencies are spread, corrected beside uncorrected (REP-3).
func (r *run) distribution() section {
	s := section{ID: "distribution", Title: "Distribution of latency"}
	r.show(&s, plotCDF, plotPercentiles)
	s.lead("Corrected latency counts from the due time of an operation, so it includes the wait before sending. Uncorrected latency counts from the moment of sending, " +
		"as most load generators do.")
	return s
}

// errorClasses shows in which ways deliveries failed.
func (r *run) errorClasses() section {
	s := section{ID: "errors", Title: "Errors"}
	r.show(&s, plotErrors)
	var rows [][]cell
	for _, e := range r.arms {
		if !e.offered() {
			continue
		}
		for _, c := range e.series.Errors.Seen() {
			of := e.series.Errors
			rows = append(rows, row(e.name, string(c), count(of.Total[c]), of.Of, brief(of.First[c]), brief(of.Last[c])))
		}
	}
	if len(s.Blocks) == 0 {
		return s
	}
	if len(rows) == 0 {
		s.say("Nothing failed in any arm whose evidence can be read.")
		return s
	}
	s.table([]string{"arm", "class", "failed#", "of", "first at, s#", "last at, s#"}, rows)
	return s
}

// availability shows each component as it was seen.
func (r *run) availability() section {
	s := section{ID: "availability", Title: "Availability of the components"}
	r.show(&s, plotAvailability)
	var rows [][]cell
	for _, e := range r.arms {
		if e.err != nil {
			continue
		}
		for _, c := range e.series.Strips {
			rows = append(rows, row(e.name, c.Component, c.Seen, plot.Percent(c.Availability(), 1), brief(c.Spent(series.Degraded)),
				brief(c.Spent(series.Down)), brief(c.Longest(series.Down)), brief(c.Spent(series.Unseen))))
		}
	}
	if len(rows) > 0 {
		s.say("Up is a share of the observed time. A component counts as down only while every request to it failed.")
		s.table([]string{"arm", "component", "seen by", "up#", "some failed, s#", "down, s#", "longest down, s#", "not observed, s#"}, rows)
	}
	return s
}

// phases shows phases against latency, corrected beside uncorrected (REP-3).
func (r *run) phases() section {
	s := section{ID: "phases", Title: "Latency by phase"}
	if !slices.ContainsFunc(r.arms, func(e armEvidence) bool { return e.err != nil || e.offered() }) {
		return s
	}
	s.say("All in seconds, exact from the raw results. “due” counts from the due time of an operation, so it includes the wait for a free worker. “sent” counts from the moment of sending, " +
		"as most load generators do. Where the two differ, the system delayed its own load. An operation belongs to the phase in which it was due.")
	for _, e := range r.arms {
		if e.err == nil && !e.offered() {
			continue
		}
		s.heading("Arm " + e.name)
		if e.err != nil {
			s.say("Its evidence cannot be read.")
			continue
		}
		var times, ends [][]cell
		for _, p := range append(account.Phases(e.arm), account.Whole(e.arm)) {
			times = append(times, latencyRow(p))
			ends = append(ends, outcomeRow(p))
		}
		s.table([]string{
			"phase", "p50 due#", "p50 sent#", "p95 due#", "p95 sent#", "p99 due#", "p99 sent#", "p99.9 due#", "p99.9 sent#", "max due#", "max sent#",
		}, times)
		s.table([]string{"phase", "from – to, s#", "due#", "ok#", "rejected#", "failed#", "unknown#", "dropped#", "tries failed#"}, ends)
	}
	return s
}

func latencyRow(p account.Slice) []cell {
	out := row(p.Name)
	for _, v := range []struct {
		of    account.Latency
		value float64
	}{
		{p.Due, p.Due.P50},
		{p.Sent, p.Sent.P50},
		{p.Due, p.Due.P95},
		{p.Sent, p.Sent.P95},
		{p.Due, p.Due.P99},
		{p.Sent, p.Sent.P99},
		{p.Due, p.Due.P999},
		{p.Sent, p.Sent.P999},
		{p.Due, p.Due.Max},
		{p.Sent, p.Sent.Max},
	} {
		if v.of.N == 0 {
			v.value = math.NaN()
		}
		out = append(out, cell{Text: seconds(v.value)})
	}
	return out
}

func outcomeRow(p account.Slice) []cell {
	out := row(p.Name, brief(p.FromS)+" – "+brief(p.ToS), count(p.Scheduled))
	for _, o := range []account.Outcome{
		account.OutcomeOK, account.OutcomeRejected, account.OutcomeFailed, account.OutcomeUnknown, account.OutcomeDropped,
	} {
		out = append(out, cell{Text: count(p.Outcomes[o])})
	}
	return append(out, cell{Text: fmt.Sprintf("%d of %d", p.TriesFailed, p.Tries)})
}
