package account

import (
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Latency describes the latencies of a set of operations in seconds, exactly: every
// value is one that was observed. Without observations (N = 0) all are zero.
type Latency struct {
	N                        int
	P50, P95, P99, P999, Max float64
}

// LatencyOf describes what was observed, in seconds and in any order.
func LatencyOf(observed []float64) Latency {
	if len(observed) == 0 {
		return Latency{}
	}
	s := stat.Ascending(observed)
	return Latency{
		N: len(s), P50: stat.Quantile(s, 0.5), P95: stat.Quantile(s, 0.95),
		P99: stat.Quantile(s, 0.99), P999: stat.Quantile(s, 0.999), Max: s[len(s)-1],
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
	// against the system (REP-3). It is that of answered operations alone: what was never
	// answered, or never sent, has no latency, and its count stands beside it.
	Due Latency
	// Sent is measured from when the generator really started.
	Sent Latency
}

// Phases cuts the operations of an arm by its phases (empty ones included).
func Phases(a *history.Arm) []Slice {
	all := Messages(a)
	out := make([]Slice, 0, len(a.Record.Phases))
	for _, p := range a.Record.Phases {
		var part []Message
		for _, m := range all {
			if m.DueS >= p.FromS && m.DueS < p.ToS {
				part = append(part, m)
			}
		}
		s := SliceOf(part)
		s.Name, s.FromS, s.ToS = p.Name, p.FromS, p.ToS
		out = append(out, s)
	}
	return out
}

// Whole is all operations of an arm as one slice.
func Whole(a *history.Arm) Slice {
	s := SliceOf(Messages(a))
	s.Name, s.ToS = "whole run", max(a.Record.Load.DurationS, LastEnd(a))
	return s
}

// SliceOf describes a set of operations.
func SliceOf(part []Message) Slice {
	s := Slice{Scheduled: len(part), Outcomes: map[Outcome]int{}}
	due := make([]float64, 0, len(part))
	sent := make([]float64, 0, len(part))
	for i := range part {
		m := &part[i]
		s.Outcomes[m.Outcome()]++
		for _, d := range m.Tries {
			s.Tries++
			if !d.OK {
				s.TriesFailed++
			}
		}
		s.Started += stat.Indicator(m.Started())
		if m.Op != nil && m.Answered() {
			due = append(due, m.Op.EndS()-m.DueS)
			sent = append(sent, m.Op.LatencyS)
		}
	}
	s.Due, s.Sent = LatencyOf(due), LatencyOf(sent)
	return s
}

// ErrorRatio is (failed + unknown + dropped) / scheduled.
func (s Slice) ErrorRatio() float64 {
	if s.Scheduled == 0 {
		return 0
	}
	return float64(s.Outcomes[OutcomeFailed]+s.Outcomes[OutcomeUnknown]+s.Outcomes[OutcomeDropped]) / float64(s.Scheduled)
}

// Successes is how many operations ended well for the follower or were turned down by
// an answer.
func (s Slice) Successes() int { return s.Outcomes[OutcomeOK] + s.Outcomes[OutcomeRejected] }
