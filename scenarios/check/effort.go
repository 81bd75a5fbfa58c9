package check

import (
	"slices"

	"oalab/scenarios/history"
)

// effort adds what a message costs the stores behind the server, as its own counters
// tell it (PERF-1): the statements to the databases, and how often the caches had what
// they were asked for. Every statement counts that a database executes, whoever asked
// for it: messages and their retries, jobs, sweeps, polls of the outbox, probes and
// metrics. The messages that ask for a changing keyword are messages too. BEGIN and
// COMMIT, and what sets up a connection, do not count. The first try of a message is no
// look-up of its reply: nobody could have kept it. Texts that keywords answer look nothing
// up, so that a run of those has no ratio: its cache_lookups are 0. What a killed server
// counted after the last sample is missing. Plain requests are no messages, and cost
// nothing here.
func (r *reckoning) effort() {
	if r.arm.Record.Load.Page != "" {
		return
	}
	whole := history.Window{ToS: r.end}
	started := len(r.arm.Operations) + len(readings(r.arm.Samples))
	if n := increase(r.arm.Samples, seriesStatements, whole); n > 0 && started > 0 {
		r.add("statements_per_message", n/float64(started), unitCount, started)
	}
	const hit, miss = seriesCache + `{result="hit"}`, seriesCache + `{result="miss"}`
	counted := func(s history.Sample) bool { return s.Error == "" && (matches(s.Name, hit) || matches(s.Name, miss)) }
	if !slices.ContainsFunc(r.arm.Samples, counted) {
		return
	}
	hits := increase(r.arm.Samples, hit, whole)
	asked := hits + increase(r.arm.Samples, miss, whole)
	r.add("cache_lookups", asked, unitCount, started)
	if asked > 0 {
		r.add("cache_hit_ratio", hits/asked, unitRatio, int(asked))
	}
}
