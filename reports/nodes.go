package reports

import (
	"fmt"
	"math"
	"slices"

	"oalab/reports/plot"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
)

// nodes tells the servers of each arm apart, and sets the figures of the articles and the
// thesis beside them where they speak of the same thing (PERF-1).
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
		"Their machines are not ours: compare orders of magnitude, not digits. %s", how)
	s.list([]prose{
		text("All: messages, with all their tries, from when each was due and from when it was really sent."),
		text("A server: the tries that came to it. Mean and p99 are how long it was waited for, exact from the record of the tries. A try that Nginx took on " +
			"to another server failed at the first, after the time that Nginx waited. Refused connections, and answers that a fault kept from the platform, have no time."),
		text("Behind a mean ± is half of its 95 %% interval, by ten parts of the run's time; behind a p99 its 95 %% interval, by order statistics, as if tries did not hang together."),
		text("Statements, cache hits and push delay are what servers counted themselves. Jobs of a shared broker are done by any server, so that not all of them " +
			"stem from messages that it answered. Push delay is from when an order was accepted, or a query handed over, until the platform had the message " +
			"about it, the carrier's part included; its p99 is the next bound that servers count by."),
	})
	for _, e := range read {
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		r.nodesOf(&s, e)
	}
	return s
}

// nodeColumns are those of the table; a row of the sources fills what they tell.
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
	n := check.PerNode(e.arm)
	rows = append(rows, r.all(e, n)...)
	for _, node := range n.Each {
		rows = append(rows, nodeRow(node, n.Told))
	}
	s.table(nodeColumns, rows)
	switch {
	case len(n.Each) == 0:
		s.say("No server told anything of itself in this arm, and nobody noted which there were.")
	case !n.Told:
		s.say("Which server had a try is not in this evidence: requests, mean and p99 of a server cannot be had.")
	case n.Astray > 0:
		s.say("%s of the platform cannot be laid to a server: nobody answered, or a load balancer that had none to ask.", tries(n.Astray))
	}
	told := "No result of an order was seen with the platform."
	if t := e.series.Told; t.N() > 0 {
		told = fmt.Sprintf("From when an order was due until its result was with the platform, by the platform's ledger: p50 %s, p99 %s (n %d).",
			plot.Duration(t.Quantile(0.5)), plot.Duration(t.Quantile(0.99)), t.N())
	}
	s.say("%s The load tool itself came to %s against a server that does nothing (D: webbench 28 514 pages/s, evidently a static page).",
		told, r.measured(e, "generator_ceiling_per_s"))
}

// all are the rows of all messages of an arm, whichever servers had them.
func (r *run) all(e armEvidence, n check.Nodes) [][]cell {
	whole, l := check.Whole(e.arm), e.series.Latency
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

// nodeRow is a server's.
func nodeRow(n check.Node, told bool) []cell {
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

// dash stands for what nobody measured; that nothing was looked up is something else.
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

func pushCells(p check.PushDelay) []cell {
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
		return check.Quantity(f.Value, f.Unit)
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
	return check.Quantity(v, "")
}

func share1(v float64) string { return plot.Percent(v, 1) }

// meanAndHalf is a time with half of its interval, where that is known.
func meanAndHalf(v check.Interval) string {
	switch {
	case math.IsNaN(v.Value):
		return dash
	case math.IsNaN(v.High):
		return plot.Duration(v.Value)
	}
	return plot.Duration(v.Value) + " ± " + plot.Duration(v.High-v.Value)
}

// withBounds is a time with its interval, where that is known.
func withBounds(v check.Interval) string {
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
