package check

import (
	"math"
	"slices"

	"oalab/scenarios/history"
)

// Figures computes every figure that the evidence of one arm yields, under the
// names of design section 6: first for the whole arm, then for each fault among the
// windows after a slash, where an operation belongs to the window in which it was
// due. Two windows of one fault are pooled, but of outages the longest counts. A
// figure that cannot be known (loss in a system that has not come to rest, the end
// state without samples) is left out. N is the number of observations behind a
// figure. An arm with a virtual IP has figures of cycles (Cycle), one with app servers
// behind Nginx figures of their shares (Upstreams).
func Figures(a *history.Arm, windows []history.Window) []history.Figure {
	all := messages(a)
	r := reckoning{arm: a, books: openBooks(a, all), gaps: gaps(a), rest: settled(a), end: lastEnd(a)}
	if hasVIP(a) {
		r.cycles = cyclesOf(a, all)
	}
	r.load(all)
	r.scope("", all, nil)
	r.endOfRun()
	r.effort()
	r.nodes()
	r.generator()
	r.steps()
	r.scaling()
	r.usage()
	r.network()
	for _, fault := range faultsOf(windows) {
		of := windowsOf(windows, fault)
		r.scope("/"+fault, dueIn(all, of), of)
		r.failover(fault)
	}
	r.shares(windows)
	r.drift()
	r.writes(windows)
	r.freshness(windows)
	return r.out
}

// faultsOf lists the faults of the windows once each, in order of appearance.
func faultsOf(windows []history.Window) []string {
	var out []string
	for _, w := range windows {
		if !slices.Contains(out, w.Fault) {
			out = append(out, w.Fault)
		}
	}
	return out
}

// reckoning gathers the figures of one arm.
type reckoning struct {
	arm   *history.Arm
	books *books
	gaps  []gap
	// cycles are those of an arm with a virtual IP.
	cycles []Cycle
	rest   bool
	end    float64
	out    []history.Figure
}

// Units of figures.
const (
	unitSeconds = "s"
	unitCount   = "1"
	unitRate    = "1/s"
	unitRatio   = "ratio"
)

func (r *reckoning) add(name string, value float64, unit string, n int) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return // run.json cannot hold it, and it is no observation
	}
	r.out = append(r.out, history.Figure{Name: name, Value: value, Unit: unit, N: n})
}

func (r *reckoning) count(name string, value, n int) { r.add(name, float64(value), unitCount, n) }

// load adds the figures of the arrivals.
func (r *reckoning) load(all []message) {
	g := Certify(r.arm)
	r.count("arrivals_scheduled", g.Scheduled, g.Scheduled)
	r.count("arrivals_late", g.Late, g.Started)
	r.count("arrivals_dropped", g.Scheduled-g.Started, g.Scheduled)
	span, done := spanOf(r.arm), 0
	for i := range all {
		m := &all[i]
		if m.run != nil && m.run.EndS() <= span && m.outcome() == OutcomeOK {
			done++
		}
	}
	if span > 0 {
		r.add("throughput_per_s", float64(done)/span, unitRate, done)
	}
}

// scope adds the figures of a set of operations under a suffix. The windows, if
// any, say which outages belong to them.
func (r *reckoning) scope(suffix string, part []message, windows []history.Window) {
	s := slice(part, r.end)
	for _, l := range []struct {
		name string
		of   Latency
	}{{"due_s", s.Due}, {"sent_s", s.Sent}} {
		if l.of.N == 0 {
			continue
		}
		r.add("p50_"+l.name+suffix, l.of.P50, unitSeconds, l.of.N)
		r.add("p95_"+l.name+suffix, l.of.P95, unitSeconds, l.of.N)
		r.add("p99_"+l.name+suffix, l.of.P99, unitSeconds, l.of.N)
		r.add("p999_"+l.name+suffix, l.of.P999, unitSeconds, l.of.N)
	}
	if s.Scheduled > 0 {
		r.add("error_ratio"+suffix, s.errorRatio(), unitRatio, s.Scheduled)
	}
	r.count("failed_requests"+suffix, s.failedRequests(), s.Started)
	if !slices.ContainsFunc(part, func(m message) bool { return m.pushed() }) && suffix == "" {
		return // bare requests: no tries, no orders, no replies
	}
	r.count("tries_failed"+suffix, s.TriesFailed, s.Tries)
	retried, ordersRetried, orders := 0, 0, 0
	for i := range part {
		isOrder, again := part[i].plan.Kind == history.KindOrder, part[i].retried()
		retried += one(again)
		orders += one(isOrder && part[i].started())
		ordersRetried += one(isOrder && again)
	}
	r.count("messages_retried"+suffix, retried, s.Started)
	r.count("orders_retried"+suffix, ordersRetried, orders)
	compared, wrong := compareReplies(part)
	r.count("replies_inconsistent"+suffix, wrong.n, compared)
	r.add("outage_s"+suffix, r.outageOf(windows), unitSeconds, s.Tries)
	r.orders(suffix, windows)
}

func one(is bool) int {
	if is {
		return 1
	}
	return 0
}

// orders adds the figures of the orders due in the windows, or of all without any.
func (r *reckoning) orders(suffix string, windows []history.Window) {
	in := func(o *order) bool {
		return windows == nil || slices.ContainsFunc(windows, func(w history.Window) bool { return w.Contains(o.due) })
	}
	where := func(has func(*order) bool) int {
		return r.books.count(func(o *order) bool { return in(o) && has(o) })
	}
	sent := where(func(o *order) bool { return o.started() })
	acknowledged := where((*order).isAcknowledged)
	r.count("orders_acknowledged"+suffix, acknowledged, sent)
	if r.books.ambiguous == nil {
		if r.rest {
			r.count("orders_lost"+suffix, where((*order).lost), acknowledged)
		}
		r.count("orders_doubled"+suffix, where((*order).doubled), sent)
	}
	if windows == nil {
		r.count("results_told", r.books.telling, r.books.telling+r.books.repeatedTold)
	}
}

// endOfRun adds what was left in the system after the last operation.
func (r *reckoning) endOfRun() {
	for _, g := range []struct{ name, metric string }{
		{"queue_depth_end", seriesQueue},
		{"outbox_rows_end", seriesOutbox},
		{"work_in_flight_end", seriesInFlight},
		{"orders_unfinished_end", seriesUnfinished},
	} {
		if v, n := endState(r.arm, g.metric); n > 0 {
			r.add(g.name, v, unitCount, n)
		}
	}
}

// generator adds the figures of the generator's certificate.
func (r *reckoning) generator() {
	g := Certify(r.arm)
	r.add("pacing_error_p99_s", g.PacingErrorP99S, unitSeconds, g.Started)
	if g.CeilingPerS > 0 {
		r.add("generator_ceiling_per_s", g.CeilingPerS, unitRate, 1)
		r.add("generator_share", g.Share, unitRatio, 1)
	}
}
