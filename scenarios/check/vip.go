package check

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// asked is one request of the probe of the virtual IP.
type asked struct {
	atS  float64 // when it was asked
	ok   bool
	node int // which load balancer answered, from 1
}

// asks are the requests of the probe of the virtual IP by when they were asked; the
// file has them by when they were over.
func asks(samples []history.Sample) []asked {
	var out []asked
	for _, s := range samples {
		switch {
		case s.Probe != history.ProbeVIP:
		case s.Error != "":
			out = append(out, asked{atS: s.AtS})
		case s.Name == history.SeriesNode:
			out = append(out, asked{atS: s.AtS, ok: true, node: int(s.Value)})
		}
	}
	slices.SortStableFunc(out, func(x, y asked) int { return cmp.Compare(x.atS, y.atS) })
	return out
}

// hasVIP reports whether an arm has a virtual IP that was probed. Only then are
// there cycles.
func hasVIP(a *history.Arm) bool {
	return slices.ContainsFunc(a.Samples, func(s history.Sample) bool { return s.Probe == history.ProbeVIP })
}

// between are the requests asked in [from, to).
func between(all []asked, from, to float64) []asked {
	at := func(s float64) int {
		i, _ := slices.BinarySearchFunc(all, s, func(x asked, s float64) int { return cmp.Compare(x.atS, s) })
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
func blackout(all []asked, from, to float64) Stretch {
	first, _ := slices.BinarySearchFunc(all, from, func(x asked, s float64) int { return cmp.Compare(x.atS, s) })
	var longest, now Stretch
	open, foreign := false, first > 0 && !all[first-1].ok
	answered := 0
	end := func() {
		if open && !foreign && now.LengthS() > longest.LengthS() {
			longest = now
		}
		open, foreign = false, false
	}
	for _, q := range all[first:] {
		if q.ok {
			if answered == 0 {
				now.ToS = q.atS
			}
			answered++
			if answered >= steadyAgain {
				end()
			}
			if !open && q.atS >= to {
				break
			}
			continue
		}
		if !open {
			if q.atS >= to {
				break
			}
			open, now = true, Stretch{FromS: q.atS}
		}
		answered = 0
		now.Failed++
		now.ToS = q.atS + history.VIPEveryS // the last of all has none after it
	}
	end()
	return longest
}

// holding is what a host said of itself over time: changes in order of time. NaN
// means that nobody knows.
type holding struct {
	host    string
	changes []change
}

type change struct{ atS, value float64 }

// holdings are the series of a probe that is written when something changes, by the
// names of the hosts.
func holdings(samples []history.Sample, probe string) []holding {
	var out []holding
	for _, s := range samples {
		if s.Probe != probe || s.Name == "" {
			continue
		}
		i := slices.IndexFunc(out, func(h holding) bool { return h.host == s.Name })
		if i < 0 {
			i = len(out)
			out = append(out, holding{host: s.Name})
		}
		c := change{s.AtS, s.Value}
		if s.Error != "" {
			c.value = math.NaN()
		}
		out[i].changes = append(out[i].changes, c)
	}
	for i := range out {
		slices.SortStableFunc(out[i].changes, func(x, y change) int { return cmp.Compare(x.atS, y.atS) })
	}
	slices.SortFunc(out, func(x, y holding) int { return cmp.Compare(x.host, y.host) })
	return out
}

// at is what was known last at a moment, NaN before the first word.
func (h holding) at(s float64) float64 {
	v := math.NaN()
	for _, c := range h.changes {
		if c.atS > s {
			break
		}
		v = c.value
	}
	return v
}

// becomes is the first moment in [from, to] at which the host changes to a value
// from something else, NaN if it does not.
func (h holding) becomes(value, from, to float64) float64 {
	before := math.NaN()
	for _, c := range h.changes {
		if c.atS >= from && c.atS <= to && c.value == value && before != value {
			return c.atS
		}
		before = c.value
	}
	return math.NaN()
}
