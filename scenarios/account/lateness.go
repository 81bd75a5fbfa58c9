package account

import (
	"cmp"
	"slices"

	"oalab/scenarios/history"
	"oalab/scenarios/load/pacing"
	"oalab/scenarios/stat"
)

// PunctualS is the lateness, in seconds, below which an arrival is punctual: due times
// are decimal fractions, moments have nanoseconds.
const PunctualS = 1e-6

// tryLimitS is how long the platform waits for the answer to a try, in seconds.
const tryLimitS = 5.0

// A View is how the evidence is read where the generator's own error leaves it open.
type View int

// The views.
const (
	Recorded View = iota // as it was recorded
	Kindest              // as the system looks best
	Harshest             // as it looks worst

	Views = 3 // how many there are, for an array of them
)

// Weigh enters into the messages of an open load how late each was by the generator's
// own fault, and which were under way while the machine was full.
func Weigh(a *history.Arm, m Machine, all []Message) {
	if a.Record.Load.Model != ModelClosed {
		for i, arrival := range pacing.Arrivals(a.Operations, pacing.Due(a.Plan), a.Record.Load.MaxWorkers) {
			if own := arrival.OwnS(); own > PunctualS {
				all[i].OwnS = own
			}
		}
	}
	end := LastEnd(a)
	for i := range all {
		until := end
		if all[i].Op != nil {
			until = all[i].Op.EndS()
		}
		all[i].MachineFull = m.FullIn(all[i].DueS, until)
	}
	lapses, tries := lapsesOf(all), triesOf(a, all)
	for i := range all {
		m := &all[i]
		m.doubtful = make([]bool, len(m.Tries))
		for k, d := range m.Tries {
			at := a.Seconds(d.At)
			// The platform's clock runs in the generator's process: while that stood still
			// it could not take an answer that was there in time.
			unheard := d.TimedOut && lapses.within(at+tryLimitS, at+max(tryLimitS, d.TookS))
			m.doubtful[k] = !d.OK && (unheard || m.OwnS > pacing.LateAfterS && !tries.failing(at-m.OwnS, at))
		}
	}
}

// begun is one try by when it was begun, with the tries that succeeded up to it.
type begun struct {
	atS float64
	oks int
	ok  bool
}

// begunTries are all tries of an arm in the order in which they were begun.
type begunTries []begun

func triesOf(a *history.Arm, all []Message) begunTries {
	var out begunTries
	for i := range all {
		for _, d := range all[i].Tries {
			out = append(out, begun{atS: a.Seconds(d.At), ok: d.OK})
		}
	}
	slices.SortStableFunc(out, func(x, y begun) int { return cmp.Compare(x.atS, y.atS) })
	oks := 0
	for i := range out {
		oks += stat.Indicator(out[i].ok)
		out[i].oks = oks
	}
	return out
}

// failing reports whether the system was failing all the time from one moment to another:
// the last try begun before them failed, and none begun between them succeeded. A try that
// failed at the second moment would then have failed at the first.
func (b begunTries) failing(from, to float64) bool {
	last := func(s float64) int { // the last one begun at or before s
		n, _ := slices.BinarySearchFunc(b, s, func(t begun, s float64) int {
			if t.atS <= s {
				return -1
			}
			return 1
		})
		return n - 1
	}
	i, j := last(from), last(to)
	return i >= 0 && !b[i].ok && b[j].oks == b[i].oks
}

// lapses are stretches of time in which the generator did nothing though arrivals were
// due, by the lateness of these; sorted by their beginnings.
type lapses []Stretch

func lapsesOf(all []Message) lapses {
	var out lapses
	for i := range all {
		if m := &all[i]; m.OwnS > pacing.LateAfterS {
			if n := len(out); n > 0 && m.DueS <= out[n-1].ToS {
				out[n-1].ToS = max(out[n-1].ToS, m.DueS+m.OwnS)
				continue
			}
			out = append(out, Stretch{FromS: m.DueS, ToS: m.DueS + m.OwnS})
		}
	}
	return out
}

func (l lapses) within(from, to float64) bool {
	return slices.ContainsFunc(l, func(s Stretch) bool { return s.FromS <= to && s.ToS >= from })
}

// nearLimit reports whether a try was answered so shortly before its limit that the lateness
// of its message could have decided that.
func (m *Message) nearLimit(k int) bool {
	d := m.Tries[k]
	return d.OK && m.OwnS > pacing.LateAfterS && d.TookS+m.OwnS >= tryLimitS
}

// FailedTries are how many tries failed, in a view.
func (m *Message) FailedTries(v View) int {
	n := 0
	for k, d := range m.Tries {
		n += stat.Indicator(!d.OK && (v != Kindest || !m.doubtful[k]) || v == Harshest && m.nearLimit(k))
	}
	return n
}

// Lost reports whether a message got no answer after all its tries, in a view.
func (m *Message) Lost(v View) bool {
	switch m.Outcome() {
	case OutcomeFailed, OutcomeUnknown:
		if len(m.Tries) == 0 { // a bare request
			return v != Kindest || m.OwnS <= pacing.LateAfterS
		}
		return v != Kindest || !slices.Contains(m.doubtful, true)
	case OutcomeOK:
		last := len(m.Tries) - 1
		return v == Harshest && last >= 0 && m.Tries[last].Try >= lastTry && m.nearLimit(last)
	case OutcomeDropped, OutcomeRejected:
	}
	return false
}

// lastTry is the number of the platform's last try of a message.
const lastTry = 3

// Dropped reports whether a message was never sent, in a view: that the generator did not
// send it with workers free says nothing of the system.
func (m *Message) Dropped(v View) bool {
	return m.Outcome() == OutcomeDropped && (v != Kindest || m.OwnS == 0)
}

// RetriedIn reports whether the platform made more than one try, in a view.
func (m *Message) RetriedIn(v View) bool {
	switch {
	case v == Kindest:
		return m.Retried() && !m.doubtful[0]
	case v == Harshest && len(m.Tries) > 0 && m.nearLimit(0):
		return true
	}
	return m.Retried()
}

// Part is the messages of a scope.
type Part struct {
	// In are those that were due in it. Of these, edge are those that were sent outside
	// of it by the generator's own fault: they may not belong to it.
	In   []Message
	Edge []bool
	// Strays were due before it and sent in it by the generator's own fault.
	Strays []Message
}

// WholeOf is the scope of all messages: none is at its edge.
func WholeOf(all []Message) Part { return Part{In: all, Edge: make([]bool, len(all))} }

// PartOf selects the messages of windows.
func PartOf(all []Message, windows []history.Window) Part {
	var p Part
	in := func(s float64) bool {
		return slices.ContainsFunc(windows, func(w history.Window) bool { return w.Contains(s) })
	}
	for _, m := range all {
		switch sent := m.OwnS == 0 || in(m.DueS+m.OwnS); {
		case in(m.DueS):
			p.In, p.Edge = append(p.In, m), append(p.Edge, !sent)
		case sent && m.OwnS > 0:
			p.Strays = append(p.Strays, m)
		}
	}
	return p
}

// Count counts the messages of the scope by a number that each has: as recorded, and
// between what bounds the generator's own error leaves it. free is without those that
// a full machine touched.
func (p Part) Count(of func(m *Message, v View) int) (value, low, high, free int) {
	for i := range p.In {
		m := &p.In[i]
		n := of(m, Recorded)
		value += n
		high += max(n, of(m, Harshest))
		if !p.Edge[i] {
			low += min(n, of(m, Kindest))
		}
		if !m.MachineFull {
			free += n
		}
	}
	for i := range p.Strays {
		high += of(&p.Strays[i], Harshest)
	}
	return value, low, high, free
}
