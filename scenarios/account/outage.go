package account

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// Gap is a stretch without the start of a successful try, in which tries failed.
type Gap struct {
	FromS, ToS float64
	failed     []attempt
}

func (g Gap) length() float64 { return g.ToS - g.FromS }

// attempt is one try on the time line, from its start until its answer or its limit.
type attempt struct {
	fromS, toS float64
	ok, struck bool
	ownS       float64 // how late it was by the generator's own fault
}

// attempts are the tries that started while load was offered, by start. Afterwards
// successes are rare because there is nothing to deliver. In the kindest view those
// that failed, and the generator's own error could have turned it, are left out.
func attempts(a *history.Arm, all []Message, v View) []attempt {
	until := a.Record.Load.DurationS
	if until <= 0 {
		until = math.Inf(1)
	}
	out := make([]attempt, 0, len(a.Deliveries))
	for i := range all {
		m := &all[i]
		for k, d := range m.Tries {
			at := a.Seconds(d.At)
			if at >= until || v == Kindest && m.doubtful != nil && m.doubtful[k] {
				continue
			}
			out = append(out, attempt{at, min(at+d.TookS, until), d.OK, struck(d), m.OwnS})
		}
	}
	slices.SortStableFunc(out, func(x, y attempt) int { return cmp.Compare(x.fromS, y.fromS) })
	return out
}

// GapsIn finds the outages of an arm as its followers met them: from the start of one
// successful try to that of the next, if a try that started between them failed.
// Before the first success an outage begins with the first failed try; after the
// last it ends when the last failed try did. A success that the generator sent late
// could have come earlier: then the outage before it was shorter (the kindest view), or
// the one after it longer (the harshest).
func GapsIn(a *history.Arm, all []Message, v View) []Gap {
	var (
		out   []Gap
		now   Gap
		began bool // since a success, or a failed try before the first
	)
	for _, t := range attempts(a, all, v) {
		switch {
		case t.ok:
			if n := len(now.failed); n > 0 {
				now.ToS = t.fromS
				if v == Kindest {
					now.ToS = max(now.failed[n-1].fromS, t.fromS-t.ownS)
				}
				out = append(out, now)
			}
			now, began = Gap{FromS: t.fromS}, true
			if v == Harshest {
				now.FromS -= t.ownS
			}
		case t.struck:
			if !began {
				now, began = Gap{FromS: t.fromS}, true
			}
			now.ToS = max(now.ToS, t.toS)
			now.failed = append(now.failed, t)
		}
	}
	if len(now.failed) > 0 {
		out = append(out, now)
	}
	return out
}

// LongestGapS is the length of the longest of the gaps in which a try failed during one
// of the windows. A window reaches until its fault was healed: recovery is part of
// the outage that the fault caused. Without windows all gaps count.
func LongestGapS(all []Gap, windows []history.Window) float64 {
	length := 0.0
	for _, g := range all {
		if len(windows) == 0 || slices.ContainsFunc(windows, g.during) {
			length = max(length, g.length())
		}
	}
	return length
}

func (g Gap) during(w history.Window) bool {
	return slices.ContainsFunc(g.failed, func(t attempt) bool {
		return t.fromS < max(w.ToS, w.HealedS) && t.toS > w.FromS
	})
}
