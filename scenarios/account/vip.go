package account

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// Asked is one request of the probe of the virtual IP.
type Asked struct {
	AtS  float64 // when it was asked, in seconds after base
	OK   bool
	Node int // which load balancer answered, from 1
}

// Asks are the requests of the probe of the virtual IP by when they were asked; the
// file has them by when they were over.
func Asks(samples []history.Sample) []Asked {
	var out []Asked
	for _, s := range samples {
		switch {
		case s.Probe != history.ProbeVIP:
		case s.Error != "":
			out = append(out, Asked{AtS: s.AtS})
		case s.Name == history.SeriesNode:
			out = append(out, Asked{AtS: s.AtS, OK: true, Node: int(s.Value)})
		}
	}
	slices.SortStableFunc(out, func(x, y Asked) int { return cmp.Compare(x.AtS, y.AtS) })
	return out
}

// askedIn are the requests of the probe in a view: one that was asked late could have
// been asked as much earlier. In the kindest view it ends an outage then, and one whose
// limit passed while the probe did nothing is left out; in the harshest it begins one.
func askedIn(all []Asked, v View) []Asked {
	if v == Recorded {
		return all
	}
	out := make([]Asked, 0, len(all))
	for i, q := range all {
		own := 0.0 // how long before this request the probe should have asked and did not
		if i > 0 {
			own = max(0, q.AtS-all[i-1].AtS-history.VIPEveryS)
		}
		if v == Kindest && !q.OK && unheard(all, q.AtS+history.VIPLimitS) {
			continue
		}
		if q.OK == (v == Kindest) {
			q.AtS -= own
		}
		out = append(out, q)
	}
	return out
}

// unheard reports whether the probe stood still when a limit passed.
func unheard(all []Asked, limit float64) bool {
	next, _ := slices.BinarySearchFunc(all, limit, func(x Asked, s float64) int { return cmp.Compare(x.AtS, s) })
	return next > 0 && next < len(all) && all[next].AtS-all[next-1].AtS > history.VIPEveryS+lapseS
}

// lapseS is the lateness, in seconds, from which on the probe counts as having stood still.
const lapseS = 0.010

// HasVIP reports whether an arm has a virtual IP that was probed. Only then are
// there cycles.
func HasVIP(a *history.Arm) bool {
	return slices.ContainsFunc(a.Samples, func(s history.Sample) bool { return s.Probe == history.ProbeVIP })
}

// AskedBetween are the requests asked in [from, to).
func AskedBetween(all []Asked, from, to float64) []Asked {
	at := func(s float64) int {
		i, _ := slices.BinarySearchFunc(all, s, func(x Asked, s float64) int { return cmp.Compare(x.AtS, s) })
		return i
	}
	if to <= from {
		return nil
	}
	return all[at(from):at(to)]
}

// Stretch is a stretch of time in which requests failed, in seconds after base.
type Stretch struct {
	FromS, ToS float64
	Failed     int
}

// LengthS is how long it lasted.
func (s Stretch) LengthS() float64 { return s.ToS - s.FromS }

// steadyAgain is how many requests in a row must be answered until an outage counts
// as over: while an address moves, neighbours may still find the old host for once.
const steadyAgain = 5

// blackout is the longest outage by the probe that begins in [from, to): from when
// the first request that failed was asked until the first that was answered, and
// steadyAgain more, so far from a later failure that they are not one. An outage
// that began before is not of this stretch. The zero value means that none failed.
func blackout(all []Asked, from, to float64) Stretch {
	first, _ := slices.BinarySearchFunc(all, from, func(x Asked, s float64) int { return cmp.Compare(x.AtS, s) })
	var longest, now Stretch
	open, foreign := false, first > 0 && !all[first-1].OK
	answered := 0
	end := func() {
		if open && !foreign && now.LengthS() > longest.LengthS() {
			longest = now
		}
		open, foreign = false, false
	}
	for _, q := range all[first:] {
		if q.OK {
			if answered == 0 {
				now.ToS = q.AtS
			}
			answered++
			if answered >= steadyAgain {
				end()
			}
			if !open && q.AtS >= to {
				break
			}
			continue
		}
		if !open {
			if q.AtS >= to {
				break
			}
			open, now = true, Stretch{FromS: q.AtS}
		}
		answered = 0
		now.Failed++
		now.ToS = q.AtS + history.VIPEveryS // the last of all has none after it
	}
	end()
	return longest
}

// Holding is what a host said of itself over time: changes in order of time. NaN means not
// known.
type Holding struct {
	Host    string
	Changes []Change
}

// Change is what a host said at a moment, in seconds after base.
type Change struct{ AtS, Value float64 }

// Holdings are the series of a probe that is written when something changes, by the
// names of the hosts.
func Holdings(samples []history.Sample, probe string) []Holding {
	var out []Holding
	for _, s := range samples {
		if s.Probe != probe || s.Name == "" {
			continue
		}
		i := slices.IndexFunc(out, func(h Holding) bool { return h.Host == s.Name })
		if i < 0 {
			i = len(out)
			out = append(out, Holding{Host: s.Name})
		}
		c := Change{s.AtS, s.Value}
		if s.Error != "" {
			c.Value = math.NaN()
		}
		out[i].Changes = append(out[i].Changes, c)
	}
	for i := range out {
		slices.SortStableFunc(out[i].Changes, func(x, y Change) int { return cmp.Compare(x.AtS, y.AtS) })
	}
	slices.SortFunc(out, func(x, y Holding) int { return cmp.Compare(x.Host, y.Host) })
	return out
}

// At is the value that was known at a moment, NaN before the first one.
func (h Holding) At(s float64) float64 {
	v := math.NaN()
	for _, c := range h.Changes {
		if c.AtS > s {
			break
		}
		v = c.Value
	}
	return v
}

// becomes is the first moment in [from, to] at which the host changes to a value
// from something else, NaN if it does not.
func (h Holding) becomes(value, from, to float64) float64 {
	before := math.NaN()
	for _, c := range h.Changes {
		if c.AtS >= from && c.AtS <= to && c.Value == value && before != value {
			return c.AtS
		}
		before = c.Value
	}
	return math.NaN()
}
