package figure

import (
	"math"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// All computes every figure that the evidence of one arm yields, under the
// names of docs/contracts.md: first for the whole arm, then for each fault among the
// windows after a slash, where an operation belongs to the window in which it was
// due. Two windows of one fault are pooled, but of outages the longest counts. A
// figure that cannot be known (loss in a system that has not come to rest, latency
// where nothing was answered, the end state without samples) is left out. N is the
// number of observations behind a figure. Its interval is what statistics and the
// generator's own lateness leave open. An arm with a virtual IP has figures of cycles
// (Cycle), one with app servers behind Nginx figures of their shares (Upstreams).
func All(a *history.Arm, windows []history.Window) []history.Figure {
	measured := Reckon(a, windows).Figures
	out := make([]history.Figure, len(measured))
	for i, f := range measured {
		out[i] = f.Line()
	}
	return out
}

// Reckoning is every figure of an arm, with what their judgement needs to know beside them.
type Reckoning struct {
	Figures   []Measured
	Generator account.Generator
	Machine   account.Machine
	// Scopes are what became of the messages of each scope, by what stands behind the slash.
	Scopes map[string]account.Slice
}

// Reckon computes the figures of an arm for its judge.
func Reckon(a *history.Arm, windows []history.Window) Reckoning {
	all := account.Messages(a)
	r := &reckoning{
		unit: Unit, arm: a, windows: windows, machine: account.MachineOf(a), certificate: account.Certify(a), rest: account.AtRest(a), end: account.LastEnd(a),
		books: account.OpenBooks(a, all),
	}
	account.Weigh(a, r.machine, all)
	for v := account.Recorded; v <= account.Harshest; v++ {
		r.gaps[v] = account.GapsIn(a, all, v)
		if account.HasVIP(a) {
			r.cycles[v] = account.CyclesOf(a, all, v)
		}
	}
	r.load(all)
	r.scope("", account.WholeOf(all), nil)
	r.endOfRun()
	r.effort()
	r.calm(all, windows)
	r.nodes()
	r.generator()
	r.steps()
	r.plateaus()
	r.goodput()
	r.scaling()
	for _, m := range measurements() {
		m.enter(r)
	}
	for _, fault := range account.FaultsOf(windows) {
		of := account.WindowsOf(windows, fault)
		r.scope("/"+fault, account.PartOf(all, of), of)
		r.failover(fault)
		r.redis(fault)
	}
	r.shares(windows)
	r.drift()
	r.writes(windows)
	r.freshness(windows)
	r.markFull()
	return Reckoning{Figures: r.out, Generator: r.certificate, Machine: r.machine, Scopes: r.scopes}
}

// reckoning gathers the figures of one arm.
type reckoning struct {
	// unit is Unit. The table lists what enters figures, so that a call would be an
	// initialization cycle.
	unit        func(name string) string
	arm         *history.Arm
	windows     []history.Window
	machine     account.Machine
	certificate account.Generator
	books       *account.Books
	gaps        [account.Views][]account.Gap
	// cycles are those of an arm with a virtual IP.
	cycles [account.Views][]account.Cycle
	rest   bool
	end    float64
	out    []Measured
	// scopes are what became of the messages of each scope, by its suffix.
	scopes map[string]account.Slice
}

// add enters a figure, which has its unit from its row of the table.
func (r *reckoning) add(name string, value float64, n int) {
	if math.IsNaN(value) || math.IsInf(value, 0) {
		return // run.json cannot hold it, and it is no observation
	}
	r.out = append(r.out, exactly(history.Figure{Name: name, Value: value, Unit: r.unit(name), N: n}))
}

// between enters what the figure that was added last would be where the generator's own
// error leaves it open, and without what a full machine touched (NaN: that is not known).
func (r *reckoning) between(name string, low, high, free float64) {
	if n := len(r.out); n > 0 && r.out[n-1].Name == name {
		f := &r.out[n-1]
		f.Free = free
		if low < f.Value-account.PunctualS { // not NaN
			f.Low = low
		}
		if high > f.Value+account.PunctualS {
			f.High = high
		}
	}
}

// countIn adds a number of the messages of a scope.
func (r *reckoning) countIn(name string, p account.Part, n int, of func(m *account.Message, v account.View) int) {
	value, low, high, free := p.Count(of)
	r.count(name, value, n)
	r.between(name, float64(low), float64(high), float64(free))
}

func (r *reckoning) count(name string, value, n int) { r.add(name, float64(value), n) }

// load adds the figures of the arrivals.
func (r *reckoning) load(all []account.Message) {
	g := r.certificate
	r.count("arrivals_scheduled", g.Scheduled, g.Scheduled)
	r.count("arrivals_late", g.Late, g.Started)
	r.count("arrivals_dropped", g.Scheduled-g.Started, g.Scheduled)
	_, low, high, free := account.WholeOf(all).Count(func(m *account.Message, v account.View) int { return stat.Indicator(m.Op == nil && m.Dropped(v)) })
	r.between("arrivals_dropped", float64(low), float64(high), float64(free))
	span, done := account.OfferedS(r.arm), 0
	for i := range all {
		m := &all[i]
		if m.Op != nil && m.Op.EndS() <= span && m.Outcome() == account.OutcomeOK {
			done++
		}
	}
	if span > 0 {
		r.add("throughput_per_s", float64(done)/span, done)
	}
}

// scope adds the figures of a set of operations under a suffix. The windows, if
// any, say which outages belong to them.
func (r *reckoning) scope(suffix string, p account.Part, windows []history.Window) {
	s := account.SliceOf(p.In)
	if r.scopes == nil {
		r.scopes = map[string]account.Slice{}
	}
	r.scopes[strings.TrimPrefix(suffix, "/")] = s
	r.latencies("due_s", suffix, p, s.Due, (*account.Message).SinceDueS, allQuantiles...)
	r.latencies("sent_s", suffix, p, s.Sent, (*account.Message).SinceSentS, allQuantiles...)
	if s.Scheduled > 0 {
		r.add("error_ratio"+suffix, s.ErrorRatio(), s.Scheduled)
		_, low, high, free := p.Count(func(m *account.Message, v account.View) int { return stat.Indicator(m.Lost(v) || m.Dropped(v)) })
		of := float64(s.Scheduled)
		r.between("error_ratio"+suffix, float64(low)/of, float64(high)/of, float64(free)/of)
	}
	r.countIn("failed_requests"+suffix, p, s.Started, func(m *account.Message, v account.View) int { return stat.Indicator(m.Lost(v)) })
	if !slices.ContainsFunc(p.In, func(m account.Message) bool { return m.Pushed() }) && (suffix == "" || r.arm.Record.Load.Page != "") {
		return // bare requests: no tries, no orders, no replies
	}
	r.countIn("tries_failed"+suffix, p, s.Tries, (*account.Message).FailedTries)
	orders := 0
	for i := range p.In {
		orders += stat.Indicator(p.In[i].Plan.Kind == history.KindOrder && p.In[i].Started())
	}
	r.countIn("messages_retried"+suffix, p, s.Started, func(m *account.Message, v account.View) int { return stat.Indicator(m.RetriedIn(v)) })
	r.countIn("orders_retried"+suffix, p, orders, func(m *account.Message, v account.View) int {
		return stat.Indicator(m.Plan.Kind == history.KindOrder && m.RetriedIn(v))
	})
	compared, differ := account.CompareReplies(p.In)
	r.count("replies_inconsistent"+suffix, len(differ), compared)
	r.outage(suffix, windows, s.Tries)
	r.orders(suffix, windows)
}

// orders adds the figures of the orders due in the windows, or of all without any.
func (r *reckoning) orders(suffix string, windows []history.Window) {
	in := func(o *account.Order) bool {
		return windows == nil || slices.ContainsFunc(windows, func(w history.Window) bool { return w.Contains(o.DueS) })
	}
	where := func(has func(*account.Order) bool) int {
		return r.books.Count(func(o *account.Order) bool { return in(o) && has(o) })
	}
	sent := where(func(o *account.Order) bool { return o.Started() })
	acknowledged := where((*account.Order).IsAcknowledged)
	r.count("orders_acknowledged"+suffix, acknowledged, sent)
	if r.books.Ambiguous == nil {
		if r.rest {
			r.count("orders_lost"+suffix, where((*account.Order).Lost), acknowledged)
		}
		r.count("orders_doubled"+suffix, where((*account.Order).Doubled), sent)
	}
	if windows == nil {
		r.count("results_told", r.books.Told, r.books.Told+r.books.RepeatedTold)
	}
}

// endOfRun adds what was left in the system after the last operation.
func (r *reckoning) endOfRun() {
	for _, g := range []struct{ name, metric string }{
		{"queue_depth_end", account.SeriesQueue},
		{"outbox_rows_end", account.SeriesOutbox},
		{"work_in_flight_end", account.SeriesInFlight},
		{"orders_unfinished_end", account.SeriesUnfinished},
	} {
		if v, n := account.EndState(r.arm, g.metric); n > 0 {
			r.add(g.name, v, n)
		}
	}
}

// generator adds the figures of the generator's certificate.
func (r *reckoning) generator() {
	g := r.certificate
	r.add("pacing_error_p99_s", g.PacingErrorP99S, g.Started)
	if g.CeilingPerS > 0 {
		r.add("generator_ceiling_per_s", g.CeilingPerS, 1)
		r.add("generator_share", g.Share, 1)
	}
}
