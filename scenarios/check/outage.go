package check

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// gap is a stretch without the start of a successful try, in which tries failed.
type gap struct {
	fromS, toS float64
	failed     []attempt
}

func (g gap) length() float64 { return g.toS - g.fromS }

// attempt is one try on the time line, from its start until its answer or its limit.
type attempt struct {
	fromS, toS float64
	ok, struck bool
}

// attempts are the tries that started while load was offered, by start. Afterwards
// successes are rare because there is nothing to deliver.
func attempts(a *history.Arm) []attempt {
	until := a.Record.Load.DurationS
	if until <= 0 {
		until = math.Inf(1)
	}
	out := make([]attempt, 0, len(a.Deliveries))
	for _, d := range a.Deliveries {
		if at := a.Seconds(d.At); ours(a, d) && at < until {
			out = append(out, attempt{at, min(at+d.TookS, until), d.OK, struck(d)})
		}
	}
	slices.SortStableFunc(out, func(x, y attempt) int { return cmp.Compare(x.fromS, y.fromS) })
	return out
}

// gaps finds the outages of an arm as its followers met them: from the start of one
// successful try to that of the next, if a try that started between them failed.
// Before the first success an outage begins with the first failed try; after the
// last it ends when the last failed try did.
func gaps(a *history.Arm) []gap {
	var (
		out   []gap
		now   gap
		began bool // since a success, or a failed try before the first
	)
	for _, t := range attempts(a) {
		switch {
		case t.ok:
			if len(now.failed) > 0 {
				now.toS = t.fromS
				out = append(out, now)
			}
			now, began = gap{fromS: t.fromS}, true
		case t.struck:
			if !began {
				now, began = gap{fromS: t.fromS}, true
			}
			now.toS = max(now.toS, t.toS)
			now.failed = append(now.failed, t)
		}
	}
	if len(now.failed) > 0 {
		out = append(out, now)
	}
	return out
}

// longest is the length of the longest of the gaps in which a try failed during one
// of the windows. A window reaches until its fault was healed: recovery is part of
// the outage that the fault caused. Without windows all gaps count.
func longest(all []gap, windows []history.Window) float64 {
	length := 0.0
	for _, g := range all {
		if len(windows) == 0 || slices.ContainsFunc(windows, g.during) {
			length = max(length, g.length())
		}
	}
	return length
}

func (g gap) during(w history.Window) bool {
	return slices.ContainsFunc(g.failed, func(t attempt) bool {
		return t.fromS < max(w.ToS, w.HealedS) && t.toS > w.FromS
	})
}
