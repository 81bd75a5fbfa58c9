package check

import "oalab/scenarios/history"

// effort adds what a message costs the stores behind the server, as its own counters
// tell it (PERF-1): the statements to the databases, and how often the caches had what
// they were asked for. Every statement counts that a database executes, whoever asked
// for it: messages and their retries, jobs, sweeps, polls of the outbox, probes and
// metrics. BEGIN and COMMIT, and what sets up a connection, do not. The first try of a
// message is no look-up of its reply: nobody could have kept it. What a killed server
// counted after the last sample is missing.
func (r *reckoning) effort() {
	whole := history.Window{ToS: r.end}
	started := len(r.arm.Operations)
	if n := increase(r.arm.Samples, seriesStatements, whole); n > 0 && started > 0 {
		r.add("statements_per_message", n/float64(started), unitCount, started)
	}
	hits := increase(r.arm.Samples, seriesCache+`{result="hit"}`, whole)
	misses := increase(r.arm.Samples, seriesCache+`{result="miss"}`, whole)
	if asked := hits + misses; asked > 0 {
		r.add("cache_hit_ratio", hits/asked, unitRatio, int(asked))
	}
}
