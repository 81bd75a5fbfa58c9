package reports

import (
	"fmt"

	"oalab/reports/plot"
	"oalab/scenarios/check"
)

// sources sets the figures of the articles and the thesis beside those of this run
// where they speak of the same thing (PERF-1).
func (r *run) sources() section {
	s := section{ID: "sources", Title: "The sources' figures beside ours"}
	var read []armEvidence
	for _, e := range r.arms {
		if e.offered() {
			read = append(read, e)
		}
	}
	if len(read) == 0 {
		return s
	}
	s.say("A is the architecture article, C the article on the login microservice, D the thesis. Their machines are not ours: compare " +
		"orders of magnitude, not digits. This run offers a fixed rate, it does not look for the most that the system can do, and its " +
		"figures contain the faults that were injected; the control arm, where there is one, has none.")
	titles := []string{"what", "the sources"}
	for _, e := range read {
		titles = append(titles, "arm "+e.name+"#")
	}
	var rows [][]cell
	add := func(what, theirs string, ours func(armEvidence) string) {
		out := row(what, theirs)
		for _, e := range read {
			out = append(out, cell{Text: ours(e)})
		}
		rows = append(rows, out)
	}
	add("messages or requests per second, one node", "A: 500, optimised 8 000 · C: 8 000 · D: saturated at 2 000 with 100 clients", func(e armEvidence) string {
		return r.measured(e, "throughput_per_s")
	})
	add("mean latency", "A: 850 ms, optimised 120 ms · C: ≤ 230 ms at 8 000/s", func(e armEvidence) string {
		l := e.series.Latency
		if l.AllDue.N() == 0 {
			return "–"
		}
		return fmt.Sprintf("%s due, %s sent", plot.Duration(l.MeanDue), plot.Duration(l.MeanSent))
	})
	add("p99 latency", "A: 3.2 s, optimised 450 ms", func(e armEvidence) string {
		return fmt.Sprintf("%s due, %s sent", r.measured(e, "p99_due_s"), r.measured(e, "p99_sent_s"))
	})
	add("database statements per request", "A: 15, optimised 1.2", func(e armEvidence) string { return r.measured(e, "statements_per_message") })
	add("cache hits", "A: 30 %, optimised 95 %", func(e armEvidence) string { return r.measured(e, "cache_hit_ratio") })
	add("order due until its result is with the platform", "A: push within 500 ms of being accepted", func(e armEvidence) string {
		t := e.series.Told
		if t.N() == 0 {
			return "not measured"
		}
		return fmt.Sprintf("p50 %s, p99 %s (n %d)", plot.Duration(t.Quantile(0.5)), plot.Duration(t.Quantile(0.99)), t.N())
	})
	add("the load tool itself, against a server that does nothing", "D: webbench 28 514 pages/s, evidently a static page", func(e armEvidence) string {
		return r.measured(e, "generator_ceiling_per_s")
	})
	s.table(titles, rows)
	return s
}

// measured is a figure of an arm over its whole run.
func (r *run) measured(e armEvidence, base string) string {
	for _, f := range r.Figures {
		if b, fault, arm := r.split(f.Name); b == base && fault == "" && arm == e.name {
			return check.Quantity(f.Value, f.Unit)
		}
	}
	return "not measured"
}
