package check

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// gap is a stretch without the start of a successful try, in which a try failed.
type gap struct {
	fromS, toS float64
}

func (g gap) length() float64 { return g.toS - g.fromS }

// gaps finds the outages of an arm as its followers met them: from the start of one
// successful try to that of the next, if a try that started between them failed.
// Before the first success an outage begins with the first failed try; after the
// last it ends when the last failed try did. Only the time in which load is offered
// counts: afterwards successes are rare because there is nothing to deliver.
func gaps(a *history.Arm) []gap {
	type try struct {
		at, end float64
		ok, bad bool
	}
	until := a.Record.Load.DurationS
	if until <= 0 {
		until = math.Inf(1)
	}
	tries := make([]try, 0, len(a.Deliveries))
	for _, d := range a.Deliveries {
		if at := a.Seconds(d.At); ours(a, d) && at < until {
			tries = append(tries, try{at, min(at+d.TookS, until), d.OK, struck(d)})
		}
	}
	slices.SortStableFunc(tries, func(x, y try) int { return cmp.Compare(x.at, y.at) })

	var (
		out       []gap
		since     float64 // start of the last success
		succeeded bool
		bad       bool // a try failed since then
		lastBad   float64
	)
	for _, t := range tries {
		switch {
		case t.ok:
			if bad {
				out = append(out, gap{since, t.at})
			}
			since, succeeded, bad = t.at, true, false
		case t.bad:
			if !bad && !succeeded {
				since = t.at
			}
			bad, lastBad = true, max(lastBad, t.end)
		}
	}
	if bad {
		out = append(out, gap{since, lastBad})
	}
	return out
}

// longest is the length of the longest of the gaps that touch a window, and how
// many do. A window reaches until its fault was healed: recovery is part of the
// outage that the fault caused. Without windows all gaps count.
func longest(all []gap, windows []history.Window) (length float64, n int) {
	for _, g := range all {
		touches := len(windows) == 0 || slices.ContainsFunc(windows, func(w history.Window) bool {
			return g.fromS < max(w.ToS, w.HealedS) && g.toS > w.FromS
		})
		if touches {
			n++
			length = max(length, g.length())
		}
	}
	return length, n
}
