// Package pacing owns the times of a recorded load: how long a follower waited from the
// moment an operation was due, and whether the system or the generator caused the
// operations that started late. It is pure: it reads records only, so a stored run is
// judged like a new one (REP-3, REP-10).
package pacing

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// LateAfterS is how long after its due time, in seconds, an operation may start
// without being called late. It is well above the millisecond by which a sleep
// overshoots and below what an objective would notice.
const LateAfterS = 0.010

// ErrorLimitS is the p99 pacing error, in seconds, above which a generator is called
// unpunctual. Its figures then have intervals that may matter (docs/design/verdicts.md).
const ErrorLimitS = 0.020

// A generator counts as stopped when more than stoppedShare of its arrivals were late
// by more than standstillS through its own fault: what it offered is then another load
// than the planned one. One that stands still for 100 ms of each 200 ms is late by
// that much at a quarter of its arrivals, one that is a little short of processor time
// at one in a hundred.
const (
	standstillS  = 0.050
	stoppedShare = 0.10
)

// Lateness counts the arrivals of an open load by how they were sent.
type Lateness struct {
	Scheduled int // planned arrivals
	Started   int // of those, sent
	Dropped   int // never sent
	Late      int // sent more than LateAfterS after they were due
	// Charged is how many late or dropped arrivals found all workers busy, each held
	// by an operation that the system had not answered: the system's fault.
	Charged int
	// Own is how many were late, or due and dropped, with workers free: the
	// generator's fault. Late + Dropped = Charged + Own + those that were not yet due
	// when the load ended.
	Own int
	// PacingErrorP99S and PacingErrorMaxS are over all arrivals that are not charged
	// to the system, in seconds: start − due, 0 for the punctual.
	PacingErrorP99S float64
	PacingErrorMaxS float64
}

// GeneratorBound reports whether the generator was too unpunctual for its figures to be
// taken without their intervals.
func (l Lateness) GeneratorBound() bool { return l.PacingErrorP99S > ErrorLimitS }

// Due is the due times of a plan in seconds after its base; the index is the Seq.
func Due(plan []history.PlannedOp) []float64 {
	due := make([]float64, len(plan))
	for i, p := range plan {
		due[i] = p.DueS
	}
	return due
}

// DueLatencies is, for each operation, how long the follower waited: from the
// moment the operation was due to its end, in seconds. That is the latency without
// coordinated omission: waiting for a free worker counts. due is indexed by Seq;
// operations without a due time are left out.
func DueLatencies(ops []history.Operation, due []float64) []float64 {
	out := make([]float64, 0, len(ops))
	for _, op := range ops {
		if op.Seq < uint64(len(due)) {
			out = append(out, op.EndS()-due[op.Seq])
		}
	}
	return out
}

// Arrival is how one planned arrival was sent.
type Arrival struct {
	// SlipS is how long after its due time it started, in seconds, 0 for the punctual. Of
	// one that was never sent it is the time until the end of all that was recorded, 0
	// when that was before it was due.
	SlipS float64
	Sent  bool
	// Charged reports that the slip is the system's fault.
	Charged bool
}

// OwnS is the part of the slip that is the generator's own error, in seconds.
func (a Arrival) OwnS() float64 {
	if a.Charged {
		return 0
	}
	return a.SlipS
}

// Arrivals judges the operations of an open load, in any order, against their due
// times and the number of workers that could carry them; 0 or less means no limit.
// The index of due and of the answer is the Seq.
//
// A late arrival is charged to the system when at some moment between its due time
// and its start as many operations were in flight as there are workers, or when it
// had to queue behind an arrival that is charged: a generator that catches up after
// a freeze is not to blame for the queue. All other lateness is the generator's own.
func Arrivals(ops []history.Operation, due []float64, maxWorkers int) []Arrival {
	out := make([]Arrival, len(due))
	busy := saturated(ops, maxWorkers)
	sorted := slices.Clone(ops)
	slices.SortFunc(sorted, func(a, b history.Operation) int { return cmp.Compare(a.Seq, b.Seq) })
	var (
		end         = math.Inf(-1) // of everything recorded
		lastStart   = math.Inf(-1)
		lastCharged bool
	)
	for _, op := range sorted {
		end = max(end, op.EndS())
		if op.Seq >= uint64(len(due)) || out[op.Seq].Sent {
			continue
		}
		at := due[op.Seq]
		a := Arrival{SlipS: max(0, op.StartS-at), Sent: true}
		a.Charged = a.SlipS > LateAfterS && (busy.within(at, op.StartS) || lastCharged && lastStart > at)
		out[op.Seq] = a
		lastStart, lastCharged = op.StartS, a.Charged
	}
	for seq, a := range out {
		if slip := end - due[seq]; !a.Sent && slip > 0 {
			out[seq] = Arrival{SlipS: slip, Charged: busy.within(due[seq], math.Inf(1))}
		}
	}
	return out
}

// Stopped reports whether the generator stood still so often that what it offered was
// not the planned load, and the share of the arrivals that were late for that.
func Stopped(arrivals []Arrival) (share float64, stopped bool) {
	const rounding = 1e-6 // due times are decimal fractions
	n := 0
	for _, a := range arrivals {
		if a.OwnS() > standstillS+rounding {
			n++
		}
	}
	share = float64(n) / float64(max(len(arrivals), 1))
	return share, share > stoppedShare
}

// LatenessOf judges the operations of an open load by Arrivals, and counts.
func LatenessOf(ops []history.Operation, due []float64, maxWorkers int) Lateness {
	return Count(Arrivals(ops, due, maxWorkers))
}

// Count counts arrivals by how they were sent.
func Count(arrivals []Arrival) Lateness {
	l := Lateness{Scheduled: len(arrivals)}
	var slips []float64
	for _, a := range arrivals {
		late := a.SlipS > LateAfterS
		switch {
		case a.Sent:
			l.Started++
			if late {
				l.Late++
			}
		default:
			l.Dropped++
			if late = a.SlipS > 0; !late {
				continue // not yet due when the load ended: neither the system nor the generator was late
			}
		}
		if late && a.Charged {
			l.Charged++
			continue
		}
		if late {
			l.Own++
		}
		slips = append(slips, a.SlipS)
	}
	slices.Sort(slips)
	if n := len(slips); n > 0 {
		l.PacingErrorP99S = slips[int(math.Ceil(0.99*float64(n)))-1]
		l.PacingErrorMaxS = slips[n-1]
	}
	return l
}
