package figure

import (
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// effort adds what a message costs the stores behind the server, by the server's own counters
// (PERF-1): statements to the databases, and the share of look-ups that the caches answered.
//
// Every statement that a database executes counts: those of messages and their retries, jobs,
// sweeps, polls of the outbox, probes and metrics. BEGIN, COMMIT and the set-up of a connection
// do not count. Statements on the tables of orders and jobs, polls and sweeps included, are
// counted for each order. The others are counted for each message, among them the reply and
// the log row of an order's message. The messages that ask for a changing keyword are messages
// too. Plain requests are not.
//
// The first try of a message is no look-up of its reply, because no cache can have it yet.
// Texts that keywords answer look nothing up: a run of those has 0 cache_lookups and no ratio.
// What a killed server counted after the last sample is missing.
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
