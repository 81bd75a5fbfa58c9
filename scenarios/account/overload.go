package account

import (
	"math"
	"slices"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// OfferedLevel is a phase of an open load, with the messages that were offered in it and
// those that were answered.
type OfferedLevel struct {
	Name string
	// FromS and ToS are when what followers got was counted, in seconds after base.
	FromS, ToS  float64
	OfferedPerS float64 // new messages; the platform's further tries come on top
	TriesPerS   float64
	// GoodPerS is how many messages a second were answered, by any of their tries.
	GoodPerS float64
	Good     int
	// Overloaded: clearly more was offered than any level answered of what it was offered.
	// A level after an overload also answers what was left of that.
	Overloaded bool
}

const (
	// phaseSettlesS is left out at the begin of each phase: what ends then belongs to the one before.
	phaseSettlesS = 1.0
	// clearly is by how much more has to be offered than was ever answered.
	clearly = 1.5
	// answeredS is when an answer is normal, and normalShare the share of tries that get one
	// where nothing is wrong. A follower notices a second.
	answeredS   = 1.0
	normalShare = 0.95
	// leastTries is how many tries a second must have to be judged.
	leastTries = 5
	// furtherTriesS is for how long the platform sends messages of an overload again. What
	// comes again later was refused when the load had fallen, and is no part of it.
	furtherTriesS = 10
)

// OfferedLevels are the phases of an arm with an open load, with the peak of what was
// answered in any of them.
func OfferedLevels(a *history.Arm) (levels []OfferedLevel, peak float64) {
	if a.Record.Load.Model == ModelClosed || a.Record.Load.Page != "" {
		return nil, 0
	}
	all, capacity := Messages(a), 0.0
	for _, p := range a.Record.Phases {
		from := p.FromS + phaseSettlesS
		if !(p.ToS > from) {
			continue
		}
		l := OfferedLevel{Name: p.Name, FromS: from, ToS: p.ToS}
		offered, tries := 0, 0
		for i := range all {
			m := &all[i]
			offered += stat.Indicator(m.DueS >= p.FromS && m.DueS < p.ToS)
			if m.Op != nil && m.Outcome() == OutcomeOK {
				l.Good += stat.Indicator(m.Op.EndS() >= from && m.Op.EndS() < p.ToS)
			}
			for _, d := range m.Tries {
				at := a.Seconds(d.At)
				tries += stat.Indicator(at >= from && at < p.ToS)
			}
		}
		l.OfferedPerS = float64(offered) / (p.ToS - p.FromS)
		l.TriesPerS, l.GoodPerS = float64(tries)/(p.ToS-from), float64(l.Good)/(p.ToS-from)
		peak, capacity = max(peak, l.GoodPerS), max(capacity, min(l.GoodPerS, l.OfferedPerS))
		levels = append(levels, l)
	}
	for i := range levels {
		levels[i].Overloaded = levels[i].OfferedPerS > clearly*capacity && capacity > 0
	}
	return levels, peak
}

// PlateauOf is the least that was answered at an overloaded level, as a share of the peak,
// with the number of messages behind it; n 0: nothing was overloaded.
func PlateauOf(levels []OfferedLevel, peak float64) (ratio float64, n int) {
	ratio = math.Inf(1)
	for _, l := range levels {
		if l.Overloaded && l.GoodPerS/peak < ratio {
			ratio = l.GoodPerS / peak
		}
		n += l.Good
	}
	if math.IsInf(ratio, 1) {
		return 0, 0
	}
	return ratio, n
}

// RecoveryOf is how long after the load fell a second was not normal, with the number of
// tries since; n 0: it cannot be known.
func RecoveryOf(a *history.Arm) (s float64, n int) {
	levels, peak := OfferedLevels(a)
	if _, overloaded := PlateauOf(levels, peak); overloaded == 0 {
		return 0, 0
	}
	end, over := 0, 0
	for _, p := range a.Record.Phases {
		end = max(end, int(p.ToS))
		if slices.ContainsFunc(levels, func(l OfferedLevel) bool { return l.Overloaded && l.Name == p.Name }) {
			over = int(math.Ceil(p.ToS))
		}
	}
	tries, good := make([]int, end), make([]int, end)
	all := Messages(a)
	for i := range all {
		for _, d := range all[i].Tries {
			if at := int(math.Floor(a.Seconds(d.At))); at >= 0 && at < end {
				tries[at]++
				good[at] += stat.Indicator(d.OK && d.TookS <= answeredS)
			}
		}
	}
	fallen, last := 0, 0
	for at := range tries {
		if float64(tries[at]) > peak && at < over+furtherTriesS {
			fallen = at + 1
		}
	}
	last = fallen
	for at := fallen; at < end; at++ {
		n += tries[at]
		if tries[at] >= leastTries && float64(good[at]) < normalShare*float64(tries[at]) {
			last = at + 1
		}
	}
	// Until the end of a load that was never normal for a while nothing is proved of it.
	if end-fallen < 3 {
		return 0, 0
	}
	return float64(last - fallen), n
}
