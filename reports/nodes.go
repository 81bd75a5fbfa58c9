package reports

import (
	"fmt"
	"math"
	"slices"

	"oalab/reports/plot"
	"oalab/scenarios/account"
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// nodes shows the figures of each server of each arm, beside the figures of the articles
// and the thesis for the same quantity (PERF-1).
func (r *run) nodes() section {
	s := section{ID: "nodes", Title: "Per node, beside the sources' figures"}
	var read []armEvidence
	for _, e := range r.arms {
		if e.offered() && e.page() == "" { // a page of Nginx comes to no server
			read = append(read, e)
		}
	}
	if len(read) == 0 {
		return s
	}
	how := "This run offers a fixed rate, it does not look for the most that the system can do, and its " +
		"figures contain the faults that were injected; the control arm, where there is one, has none."
	if slices.ContainsFunc(read, func(e armEvidence) bool { return len(e.arm.Record.Steps) > 0 }) {
		how = "The figures of an arm in steps are those of all its steps together, from one client to the most: what each came to stands above."
	}
	s.say("A is the architecture article, C the article on the login microservice, D the thesis, whose server is saturated at its rate by 100 clients. "+
		"Their machines differ from this one: compare orders of magnitude, not digits. %s", how)
	s.list([]prose{
		text("All: messages with all their tries, counted from the due time (all, due) and from the moment of sending (all, sent)."),
		text("A server: the tries that it received. Mean and p99 are the waiting times for this server, exact from the record of the tries. If Nginx passed a try on to another server, " +
			"it counts as failed at the first server, after the time that Nginx waited. A refused connection has no time. An answer that a fault kept from the platform has none either."),
		text("The number after ± is half of the 95 %% interval of the mean, from ten parts of the run's time. A p99 is followed by its 95 %% interval, from order statistics, which assume independent tries."),
		text("Statements, cache hits and push delay are the servers' own counts. Any server may do the jobs of a shared broker, so its jobs may belong to messages " +
			"that another server answered. Push delay lasts from the acceptance of an order, or the handing over of a query, until the platform has the message " +
			"about it. It includes the carrier's time. Its p99 is rounded up to the next bound of the servers' histogram."),
	})
	for _, e := range read {
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		r.nodesOf(&s, e)
	}
	return s
}

// nodeColumns are the columns of the table. A row of the sources has only the values that
// the sources give.
var nodeColumns = []string{
	"of", "requests#", "requests/s#", "mean#", "p99#", "failed#", "statements per message#", "cache hits#", "push delay, mean#", "push delay, p99#", "pushed in 0.5 s#",
}

func (r *run) nodesOf(s *section, e armEvidence) {
	rows := [][]cell{
		row("A", "", "500", "850 ms", "3.2 s", "", "15", "30 %", "", "", ""),
		row("A, optimised", "", "8 000", "120 ms", "450 ms", "", "1.2", "95 %", "", "", ""),
		row("A, goal", "", "", "", "", "", "", "", "", "≤ 500 ms", ""),
		row("C", "", "8 000", "≤ 230 ms", "", "", "", "", "", "", ""),
		row("D", "", "2 000", "", "", "", "", "", "", "", ""),
	}
	n := account.PerNode(e.arm)
	rows = append(rows, r.all(e, n)...)
	for _, node := range n.Each {
		rows = append(rows, nodeRow(node, n.Told))
	}
	s.table(nodeColumns, rows)
	switch {
	case len(n.Each) == 0:
		s.say("This arm has no figures of single servers: no server reported any, and the evidence does not name the servers.")
	case !n.Told:
		s.say("This evidence does not say which server received a try. Therefore requests, mean and p99 of a server are not known.")
	case n.Astray > 0:
		s.say("%s of the platform cannot be assigned to a server: there was no answer, or the answer came from a load balancer without a live server.", tries(n.Astray))
	}
	told := "The platform received no result of an order."
	if t := e.series.Told; t.N() > 0 {
		told = fmt.Sprintf("Time from the due time of an order until the platform had its result, by the platform's ledger: p50 %s, p99 %s (n %d).",
			plot.Duration(t.Quantile(0.5)), plot.Duration(t.Quantile(0.99)), t.N())
	}
	s.say("%s The load generator alone reached %s against a server that does nothing (D: webbench 28 514 pages/s, evidently a static page).",
		told, r.measured(e, "generator_ceiling_per_s"))
}

// all are the two rows that count the messages of all servers of an arm together.
func (r *run) all(e armEvidence, n account.Nodes) [][]cell {
	whole, l := account.Whole(e.arm), e.series.Latency
	due := row("all, due", count(whole.Scheduled), r.bare(e, "throughput_per_s", number), dash, r.bare(e, "p99_due_s", plot.Duration),
		r.bare(e, "failed_requests", number), r.bare(e, "statements_per_message", number), r.cacheHits(e))
	sent := row("all, sent", "", "", dash, r.bare(e, "p99_sent_s", plot.Duration), "", "", "", "", "", "")
	if l.AllDue.N() > 0 {
		due[3].Text = plot.Duration(l.MeanDue)
	}
	if l.AllSent.N() > 0 {
		sent[3].Text = plot.Duration(l.MeanSent)
	}
	return [][]cell{append(due, pushCells(n.Push)...), sent}
}

// nodeRow is the row of one server. told says whether the evidence names the server of each
// try.
func nodeRow(n account.Node, told bool) []cell {
	out := row(n.Name, dash, dash, dash, dash, dash)
	if told {
		out = row(n.Name, count(n.Requests), number(n.PerS), meanAndHalf(n.Mean), withBounds(n.P99), count(n.Failed))
	}
	hits := share1(n.Hits)
	if n.Looked == 0 {
		hits = noLookups
	}
	return append(append(out, cell{Text: number(n.PerMessage)}, cell{Text: hits}), pushCells(n.Push)...)
}

// dash stands for a value that was not measured. noLookups says that it was measured and
// that there was no look-up.
const (
	dash      = "–"
	noLookups = "no look-ups"
)

// cacheHits is the share of an arm's look-ups that a cache answered.
func (r *run) cacheHits(e armEvidence) string {
	if f, ok := r.figureOf(e, "cache_lookups"); ok && f.Value == 0 {
		return noLookups
	}
	return r.bare(e, "cache_hit_ratio", share1)
}

func pushCells(p account.PushDelay) []cell {
	if p.N == 0 {
		return row(dash, dash, dash)
	}
	p99 := "≤ " + plot.Duration(p.P99S)
	if math.IsInf(p.P99S, 1) {
		p99 = "beyond all bounds"
	}
	return row(plot.Duration(p.MeanS), p99, share1(p.InTime))
}

// bare is the value of a figure of a whole arm, in the given form.
func (r *run) bare(e armEvidence, base string, form func(float64) string) string {
	if f, ok := r.figureOf(e, base); ok {
		return form(f.Value)
	}
	return dash
}

// measured is a figure of an arm over its whole run, with its unit.
func (r *run) measured(e armEvidence, base string) string {
	if f, ok := r.figureOf(e, base); ok {
		return figure.Quantity(f.Value, f.Unit)
	}
	return "not measured"
}

func (r *run) figureOf(e armEvidence, base string) (history.Figure, bool) {
	for _, f := range r.Figures {
		if b, fault, arm := r.split(f.Name); b == base && fault == "" && arm == e.name {
			return f, true
		}
	}
	return history.Figure{}, false
}

func number(v float64) string {
	if math.IsNaN(v) {
		return dash
	}
	return figure.Quantity(v, "")
}

func share1(v float64) string { return plot.Percent(v, 1) }

// meanAndHalf is a time with half of its interval, where that is known.
func meanAndHalf(v stat.Interval) string {
	switch {
	case math.IsNaN(v.Value):
		return dash
	case math.IsNaN(v.High):
		return plot.Duration(v.Value)
	}
	return plot.Duration(v.Value) + " ± " + plot.Duration(v.High-v.Value)
}

// withBounds is a time with its interval, where that is known.
func withBounds(v stat.Interval) string {
	switch {
	case math.IsNaN(v.Value):
		return dash
	case math.IsNaN(v.Low):
		return plot.Duration(v.Value)
	}
	return fmt.Sprintf("%s (%s – %s)", plot.Duration(v.Value), plot.Duration(v.Low), plot.Duration(v.High))
}

func tries(n int) string {
	if n == 1 {
		return "1 try"
	}
	return fmt.Sprintf("%d tries", n)
}
