package check

import "oalab/scenarios/history"

// effort adds what a message costs the stores behind the server, as its own counters
// tell it: the statements to the database, those of its sweeps and probes included,
// and how often the cache had what it was asked for (PERF-1). What a killed server
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
