package reports

import (
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// scaling shows how the pools of app servers followed the load (DIS-2, SCN-2).
func (r *run) scaling() section {
	s := section{ID: "scaling", Title: "Pools of app servers"}
	if !slices.ContainsFunc(r.arms, func(e armEvidence) bool { return e.has(plotPools) }) {
		return s
	}
	s.say("Both load balancers size their pool by the band of the larger of their two rates. A pool grows at once. It shrinks only after the rate has been clearly below " +
		"the band for the hold. Rates and pools come from the Nginx of each load balancer.")
	for _, e := range r.arms {
		if !e.has(plotPools) {
			continue
		}
		if len(r.arms) > 1 {
			s.heading("Arm " + e.name)
		}
		s.say("%s", settingsOf(e.series.Pools.Scaling))
		if page := e.page(); page != "" {
			s.say("As in the source's own run, the load is a page that Nginx answers itself (%s): app servers enter and leave the pool, but get no request.", page)
		}
		s.say("The load was in %s of %d bands, at most %s at one load balancer; failed requests: %s.", r.measured(e, "bands_entered"),
			len(e.series.Pools.Scaling.Bands), r.measured(e, "lb_peak_per_s"), r.measured(e, "failed_requests"))
		for _, kind := range []string{plotBands, plotPools} {
			if p := e.plots[kind]; p != nil {
				s.Blocks = append(s.Blocks, block{Plot: p})
			}
		}
		var rows [][]cell
		for _, h := range e.series.Pools.Hosts {
			for _, c := range poolChanges(h.Looks) {
				rows = append(rows, row(h.Host, c[0], c[1], c[2]))
			}
		}
		s.table([]string{"load balancer", "seen at, s#", "app servers#", "requests/s since the look before#"}, rows)
	}
	s.say("Beside it the log of the source's own run (D 5.1.2), of one Nginx under webbench on its own machine, with a static page and without " +
		"app servers: 1, 0, 19 180, 25 839, 20 034, 27 419, 24 901, 24 300, 10 007, 3 303, 0, 1 requests/s, each over 5 s. It touched three of " +
		"its five bands, and reloaded at the first rate of another one, up or down.")
	return s
}

// settingsOf words how the pools were sized.
func settingsOf(s history.Scaling) string {
	var bands []string
	for _, b := range s.Bands {
		bands = append(bands, fmt.Sprintf("from %g/s %s", b.FromPerS, plural(b.Servers, "server")))
	}
	edges := "as they are"
	if s.Factor != 1 {
		edges = fmt.Sprintf("times %g", s.Factor)
	}
	words := fmt.Sprintf("Bands: %s; the source's edges %s. ", strings.Join(bands, ", "), edges)
	if s.Off {
		return words + "No scaler runs: the pool is that of the first band."
	}
	return words + fmt.Sprintf("Averaged over %g s (the source: 5 s), held for %g s, %g %% below an edge.", s.EveryS, s.HoldS, 100*s.Margin)
}

// poolChanges lists the changes of the pool: the time, the number of servers and the rate.
func poolChanges(looks []account.PoolLook) [][3]string {
	var out [][3]string
	for i, l := range looks {
		if i > 0 && l.Pool() == looks[i-1].Pool() {
			continue
		}
		rate := "not known"
		if l.PerS >= 0 {
			rate = fmt.Sprintf("%.0f", l.PerS)
		}
		out = append(out, [3]string{fmt.Sprintf("%.1f", l.AtS), count(l.Pool()), rate})
	}
	return out
}
