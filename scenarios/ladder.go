package scenarios

import (
	"maps"
	"math"
	"slices"
	"strings"
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/machine"
	"oalab/scenarios/topology"
)

// Rungs is how many rates the ladder of a scenario has. An open load on containers has
// three, because the rate is part of the claim and some machines cannot run all hosts at
// it. With a scaler it has two: health checks and probes, which the scaler counts too, ask as
// often on each rung. On the third the first band would end below them. Every other load has
// one rate.
func (s Scenario) Rungs(on string, size Size) int {
	if peak, err := s.Peak(size); on != topology.Docker || err != nil || peak == 0 {
		return 1
	}
	if slices.ContainsFunc(s.Arms, func(a Arm) bool { return a.scales(size) }) {
		return machine.Rungs - 1
	}
	return machine.Rungs
}

// scales reports whether a scaler sizes the arm's pool.
func (a Arm) scales(size Size) bool {
	return a.SetupFor(size).Layout.Scaler != nil
}

// Peak is the highest planned rate of all arms with an open load, in operations per
// second; 0: there is none.
func (s Scenario) Peak(size Size) (float64, error) {
	peak := 0.0
	for _, a := range s.Arms {
		if a.Load == nil { // a study
			continue
		}
		load, err := a.Load(size)
		if err != nil {
			return 0, err
		}
		if load.Profile != nil && len(load.Steps) == 0 {
			peak = max(peak, load.Profile.Peak())
		}
	}
	return peak, nil
}

// OnRung is the scenario at a lower rate: all its open loads have the rates of the rung.
// Everything that is counted in messages is reduced by the same factor: bands of a scaler,
// least numbers of observations, limits of rates.
func (s Scenario) OnRung(rung int) Scenario {
	if rung <= 0 {
		return s
	}
	share := machine.Share(rung)
	s.Arms = slices.Clone(s.Arms)
	for i := range s.Arms {
		s.Arms[i] = s.Arms[i].atShare(share)
	}
	return s
}

func (a Arm) atShare(share float64) Arm {
	if load := a.Load; load != nil {
		a.Load = func(size Size) (Load, error) {
			l, err := load(size)
			if err != nil || l.Profile == nil || len(l.Steps) > 0 {
				return l, err
			}
			l.Profile, err = profile.Scaled(l.Profile, share)
			l.Packets = l.Packets.AtShare(share)
			return l, err
		}
	}
	a.Setup = a.Setup.atShare(share)
	if sized := a.Sized; sized != nil {
		a.Sized = func(size Size) Setup { return sized(size).atShare(share) }
	}
	if faults := a.Faults; faults != nil {
		a.Faults = func(size Size) []Fault {
			list := slices.Clone(faults(size))
			for i := range list {
				list[i].Effect.Min = fewer(list[i].Effect.Min, share)
			}
			return list
		}
	}
	a.Objectives = slices.Clone(a.Objectives)
	for i := range a.Objectives {
		a.Objectives[i] = objectiveAtShare(a.Objectives[i], share)
	}
	a.Checkers = slices.Clone(a.Checkers)
	for i := range a.Checkers {
		a.Checkers[i] = checkerAtShare(a.Checkers[i], share)
	}
	return a
}

func (s Setup) atShare(share float64) Setup {
	if s.Layout.MaxConcurrent > 0 {
		// A server's capacity is its places over the carrier's time (Overload).
		s.CarrierRules = slices.Clone(s.CarrierRules)
		for i, r := range s.CarrierRules {
			if r.Latency != nil {
				slower := *r.Latency
				slower.MedianS /= share
				s.CarrierRules[i].Latency = &slower
			}
		}
	}
	if s.Layout.Scaler == nil {
		return s
	}
	scaler := *s.Layout.Scaler
	scaler.Bands = slices.Clone(scaler.Bands)
	for i := range scaler.Bands {
		scaler.Bands[i].FromPerS *= share
	}
	scaler.Factor *= share
	s.Layout.Scaler = &scaler
	return s
}

func objectiveAtShare(o judge.Objective, share float64) judge.Objective {
	o.MinN = fewer(o.MinN, share)
	if strings.HasSuffix(o.Figure, "_per_s") {
		o.Limit *= share
	}
	return o
}

func checkerAtShare(c check.Checker, share float64) check.Checker {
	switch c := c.(type) {
	case check.Orders:
		c.Min = fewer(c.Min, share)
		c.MinPerWindow = maps.Clone(c.MinPerWindow)
		for fault, n := range c.MinPerWindow {
			c.MinPerWindow[fault] = fewer(n, share)
		}
		return c
	case check.Replies:
		c.Min, c.EachKind, c.Elsewhere = fewer(c.Min, share), fewer(c.EachKind, share), fewer(c.Elsewhere, share)
		return c
	case check.HandedOver:
		c.Min = fewer(c.Min, share)
		return c
	case check.AtOnce:
		c.Min = fewer(c.Min, share)
		return c
	case check.Tokens:
		c.Calls = fewer(c.Calls, share)
		return c
	}
	return c
}

// fewer is a share of a least number; what was at least one stays so.
func fewer(n int, share float64) int { return int(math.Ceil(float64(n) * share)) }

// inReserve is how long the load of an arm may go on after its planned end, at its last
// rate, until every fault has healed: on a machine where faults heal late, they come late.
func inReserve(length time.Duration) time.Duration { return min(2*length, 5*time.Minute) + time.Minute }

// WithReserve is the load and what may follow it until all faults of the arm are over. A
// load without faults has no reserve.
func (a Arm) WithReserve(l Load) (profile.Profile, error) {
	if l.Profile == nil || len(l.Steps) > 0 || a.Faults == nil {
		return l.Profile, nil
	}
	length := l.Profile.Length()
	rate := l.Profile.Rate(length - 1)
	if rate <= 0 {
		return l.Profile, nil
	}
	more, err := profile.Constant(rate, inReserve(length))
	if err != nil {
		return nil, err
	}
	return profile.Sequence(l.Profile, more)
}
