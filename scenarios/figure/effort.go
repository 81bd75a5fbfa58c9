package figure

import (
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// effort adds what a message costs the stores behind the server, as its own counters
// tell it (PERF-1): the statements to the databases, and how often the caches had what
// they were asked for. Every statement counts that a database executes, whoever asked
// for it: messages and their retries, jobs, sweeps, polls of the outbox, probes and
// metrics. The messages that ask for a changing keyword are messages too. BEGIN and
// COMMIT, and what sets up a connection, do not count. Statements on the tables of orders
// and jobs, looks and sweeps included, are counted for each order, the others for each
// message: the reply and the log row of an order's message are among those. The first try of a message is no
// look-up of its reply: nobody could have kept it. Texts that keywords answer look nothing
// up, so that a run of those has no ratio: its cache_lookups are 0. What a killed server
// counted after the last sample is missing. Plain requests are no messages, and cost
// nothing here.
func (r *reckoning) effort() {
	if r.arm.Record.Load.Page != "" {
		return
	}
	whole := history.Window{ToS: r.end}
	started := len(r.arm.Operations) + len(account.Readings(r.arm.Samples))
	ofOrders := account.CounterIncrease(r.arm.Samples, account.SeriesOfOrders, whole)
	if n := account.CounterIncrease(r.arm.Samples, account.SeriesStatements, whole) - ofOrders; n > 0 && started > 0 {
		r.add(Statements, n/float64(started), started)
	}
	if orders := r.ordersStarted(); ofOrders > 0 && orders > 0 {
		r.add("statements_per_order", ofOrders/float64(orders), orders)
	}
	const hit, miss = account.SeriesCache + `{result="hit"}`, account.SeriesCache + `{result="miss"}`
	counted := func(s history.Sample) bool {
		return s.Error == "" && (account.SeriesMatches(s.Name, hit) || account.SeriesMatches(s.Name, miss))
	}
	if !slices.ContainsFunc(r.arm.Samples, counted) {
		return
	}
	hits := account.CounterIncrease(r.arm.Samples, hit, whole)
	asked := hits + account.CounterIncrease(r.arm.Samples, miss, whole)
	r.add("cache_lookups", asked, started)
	if asked > 0 {
		r.add("cache_hit_ratio", hits/asked, int(asked))
	}
}

// ordersStarted is how many messages that order something were sent.
func (r *reckoning) ordersStarted() int {
	kinds := make(map[uint64]string, len(r.arm.Plan))
	for _, p := range r.arm.Plan {
		kinds[p.Seq] = p.Kind
	}
	n := 0
	for _, o := range r.arm.Operations {
		n += stat.Indicator(kinds[o.Seq] == history.KindOrder)
	}
	return n
}
