package figure

import (
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// freshness adds the figures of the keyword that changed: of all reads, and of those that
// began while a fault was in effect. Answers that are marked as made from memory are left out.
func (r *reckoning) freshness(windows []history.Window) {
	reads := slices.DeleteFunc(account.Readings(r.arm.Samples), func(v account.Versioned) bool { return v.Stale })
	if len(reads) == 0 {
		return
	}
	writes := account.Versions(r.arm.Samples, history.ProbeUpdate)
	r.count("updates_acknowledged", len(writes), len(writes))
	r.count("reads_checked", len(reads), len(reads))
	figures := func(suffix string, in func(account.Versioned) bool) {
		var ages []float64
		for _, read := range reads {
			if in(read) {
				ages = append(ages, account.Staleness(read, writes))
			}
		}
		ages = stat.Ascending(ages)
		r.longestOf("staleness_max_s"+suffix, ages)
		if suffix == "" {
			r.quantileOf("staleness_p99_s", ages, 0.99)
		}
	}
	figures("", func(account.Versioned) bool { return true })
	for _, fault := range account.FaultsOf(windows) {
		of := account.WindowsOf(windows, fault)
		figures("/"+fault, func(v account.Versioned) bool {
			return slices.ContainsFunc(of, func(w history.Window) bool { return w.Contains(v.FromS) })
		})
	}
}
