package series

import (
	"math"
	"slices"

	"oalab/scenarios/history"
)

// State is how a component was seen.
type State int

// The states. Unseen means that the component was not asked. Then its state is unknown.
const (
	Unseen State = iota
	Up
	Degraded // some of what was asked worked
	Down     // nothing of what was asked worked
)

// Strip is the availability of one component over time.
type Strip struct {
	Component string
	Seen      string // by which probe, and how often
	Spans     []Span // in order, without gaps, from 0 to the end of the arm
}

// Span is a stretch of one state.
type Span struct {
	FromS, ToS float64
	State      State
}

// Spent is how long the strip was in a state, in seconds.
func (s Strip) Spent(in State) float64 {
	total := 0.0
	for _, p := range s.Spans {
		if p.State == in {
			total += p.ToS - p.FromS
		}
	}
	return total
}

// Longest is the longest stretch in a state, in seconds.
func (s Strip) Longest(in State) float64 {
	longest := 0.0
	for _, p := range s.Spans {
		if p.State == in {
			longest = max(longest, p.ToS-p.FromS)
		}
	}
	return longest
}

// Availability is the share of the observed time in which the component was up; NaN
// when it was never observed.
func (s Strip) Availability() float64 {
	seen := s.Spent(Up) + s.Spent(Degraded) + s.Spent(Down)
	if seen == 0 {
		return math.NaN()
	}
	return s.Spent(Up) / seen
}

// resolution of what followers and ledgers saw, in seconds: that of the probes.
const resolution = 0.1

// strips are the components that the evidence is about.
func strips(a *history.Arm, end float64) []Strip {
	out := []Strip{}
	add := func(s Strip, seen bool) {
		if seen {
			out = append(out, s)
		}
	}
	for _, probe := range probesOf(a.Samples) {
		add(probed(a.Samples, probe, end))
	}
	add(virtualIP(a, end))
	add(callbacks(a, end))
	add(inbound(a, end))
	add(carrier(a.Samples, end))
	add(carrierLink(a.Samples, end))
	add(platform(a, end))
	return out
}

// tally counts what worked and what did not in each small interval.
type tally struct{ good, bad []int }

func newTally(end float64) tally {
	n := max(1, int(math.Ceil(end/resolution-1e-9)))
	return tally{make([]int, n), make([]int, n)}
}

func (t tally) count(at float64, good, bad int) {
	if i := int(at / resolution); at >= 0 && i < len(t.good) {
		t.good[i] += max(0, good)
		t.bad[i] += max(0, bad)
	}
}

// spans turns the counts into states.
func (t tally) spans(end float64) (out []Span, seen bool) {
	for i := range t.good {
		state := Unseen
		switch good, bad := t.good[i], t.bad[i]; {
		case good > 0 && bad > 0:
			state = Degraded
		case good > 0:
			state = Up
		case bad > 0:
			state = Down
		}
		seen = seen || state != Unseen
		out = extend(out, Span{float64(i) * resolution, min(float64(i+1)*resolution, end), state})
	}
	return out, seen
}

// extend appends a span, or lengthens the last one of the same state.
func extend(spans []Span, s Span) []Span {
	if n := len(spans); n > 0 && spans[n-1].State == s.State {
		spans[n-1].ToS = s.ToS
		return spans
	}
	return append(spans, s)
}

// probesOf lists the probes that ask for readiness: those with a status among their
// readings, in the order of their first sample.
func probesOf(samples []history.Sample) []string {
	var out []string
	for _, s := range samples {
		if s.Name == statusSeries && !slices.Contains(out, s.Probe) {
			out = append(out, s.Probe)
		}
	}
	return out
}
