package check

import (
	"oalab/scenarios/history"
)

// Latency describes the latencies of a set of operations in seconds, exactly: every
// value is one that was observed. Without observations (N = 0) all are zero.
type Latency struct {
	N                        int
	P50, P95, P99, P999, Max float64
}

func latencyOf(observed []float64) Latency {
	if len(observed) == 0 {
		return Latency{}
	}
	s := ascending(observed)
	return Latency{
		N: len(s), P50: Quantile(s, 0.5), P95: Quantile(s, 0.95),
		P99: Quantile(s, 0.99), P999: Quantile(s, 0.999), Max: s[len(s)-1],
	}
}

// Slice is one part of an arm's operations, selected by when they were due.
type Slice struct {
	Name        string
	FromS, ToS  float64
	Scheduled   int
	Started     int
	Outcomes    map[Outcome]int
	Tries       int
	TriesFailed int
	// Due is measured from when an operation was due, so that a late start counts
	// against the system (REP-3). A dropped operation counts with the time until the
	// last operation of the arm was over, which is less than it would have waited.
	Due Latency
	// Sent is measured from when the generator really started.
	Sent Latency
}

// Phases cuts the operations of an arm by its phases (empty ones included).
func Phases(a *history.Arm) []Slice {
	all, end := messages(a), lastEnd(a)
	out := make([]Slice, 0, len(a.Record.Phases))
	for _, p := range a.Record.Phases {
		var part []message
		for _, m := range all {
			if m.due >= p.FromS && m.due < p.ToS {
				part = append(part, m)
			}
		}
		s := slice(part, end)
		s.Name, s.FromS, s.ToS = p.Name, p.FromS, p.ToS
		out = append(out, s)
	}
	return out
}

// Whole is all operations of an arm as one slice.
func Whole(a *history.Arm) Slice {
	s := slice(messages(a), lastEnd(a))
	s.Name, s.ToS = "whole run", max(a.Record.Load.DurationS, lastEnd(a))
	return s
}

// slice describes a set of operations; end is when the last of the arm was over.
func slice(part []message, end float64) Slice {
	s := Slice{Scheduled: len(part), Outcomes: map[Outcome]int{}}
	due := make([]float64, 0, len(part))
	sent := make([]float64, 0, len(part))
	for i := range part {
		m := &part[i]
		s.Outcomes[m.outcome()]++
		for _, d := range m.tries {
			s.Tries++
			if !d.OK {
				s.TriesFailed++
			}
		}
		switch {
		case m.run != nil:
			s.Started++
			due = append(due, m.run.EndS()-m.due)
			sent = append(sent, m.run.LatencyS)
		case m.started():
			s.Started++ // delivered, but the generator was stopped before it knew the end
		default:
			due = append(due, max(0, end-m.due))
		}
	}
	s.Due, s.Sent = latencyOf(due), latencyOf(sent)
	return s
}

// failedRequests is how many operations the follower did not get, all tries spent.
func (s Slice) failedRequests() int { return s.Outcomes[OutcomeFailed] + s.Outcomes[OutcomeUnknown] }

// errorRatio is (failed + unknown + dropped) / scheduled.
func (s Slice) errorRatio() float64 {
	if s.Scheduled == 0 {
		return 0
	}
	return float64(s.failedRequests()+s.Outcomes[OutcomeDropped]) / float64(s.Scheduled)
}
