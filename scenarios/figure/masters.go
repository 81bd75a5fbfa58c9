package figure

import (
	"math"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// writes adds the figures of a pair of masters: the acknowledged writes and those that
// were lost, for each fault the longest time without one, and how far the masters were
// behind each other.
func (r *reckoning) writes(windows []history.Window) {
	all := account.AcknowledgedWrites(r.arm.Samples)
	if len(all) == 0 {
		return
	}
	lost, of := account.LostWrites(r.arm)
	r.count("writes_acknowledged", of, of)
	r.count("lost_acknowledged_writes", len(lost), of)
	for _, fault := range account.FaultsOf(windows) {
		of := account.WindowsOf(windows, fault)
		r.longestOf("write_outage_s/"+fault, stat.Ascending(account.WriteGapsS(all, of)))
		var back []float64
		for _, w := range of {
			if s := account.WriteGapS(all, history.GroupCore, w.ToS, max(w.ToS, w.HealedS)+account.SettleS); !math.IsNaN(s) {
				back = append(back, s)
			}
		}
		r.longestOf("write_outage_back_s/"+fault, stat.Ascending(back))
	}
	var ages []float64
	for _, s := range r.arm.Samples {
		if strings.HasPrefix(s.Probe, history.ProbeAge+".") && s.Error == "" &&
			!slices.ContainsFunc(windows, func(w history.Window) bool { return s.AtS >= account.Begins(w) && s.AtS < w.HealedS+account.SettleS }) {
			ages = append(ages, s.Value)
		}
	}
	r.quantileOf("write_age_p99_s", stat.Ascending(ages), 0.99)
}
