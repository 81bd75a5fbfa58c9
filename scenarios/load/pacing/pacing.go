// Package pacing owns what a recorded load says about time: how long a follower
// waited from the moment an operation was due, and who is to blame for the
// operations that started late, the system or the generator. It is pure: it sees
// records only, so that a stored run is judged as a fresh one (REP-3, REP-10).
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

// ErrorLimitS is the p99 pacing error, in seconds, above which a run says more
// about its generator than about the system (design 5.11).
const ErrorLimitS = 0.020

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

// GeneratorBound reports whether the generator was too unpunctual to be believed.
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

// LatenessOf judges the operations of an open load, in any order, against their due
// times (index = Seq) and the number of workers that could carry them; 0 or less
// means no limit.
//
// A late arrival is charged to the system when at some moment between its due time
// and its start as many operations were in flight as there are workers, or when it
// had to queue behind an arrival that is charged: a generator that catches up after
// a freeze is not to blame for the queue. All other lateness is the generator's own.
func LatenessOf(ops []history.Operation, due []float64, maxWorkers int) Lateness {
	l := Lateness{Scheduled: len(due)}
	busy := saturated(ops, maxWorkers)
	started := make([]bool, len(due))
	sorted := slices.Clone(ops)
	slices.SortFunc(sorted, func(a, b history.Operation) int { return cmp.Compare(a.Seq, b.Seq) })

	var (
		slips       []float64
		end         = math.Inf(-1) // of everything recorded
		lastStart   = math.Inf(-1)
		lastCharged bool
	)
	for _, op := range sorted {
		end = max(end, op.EndS())
		if op.Seq >= uint64(len(due)) || started[op.Seq] {
			continue
		}
		started[op.Seq] = true
		l.Started++
		at := due[op.Seq]
		slip := max(0, op.StartS-at)
		late := slip > LateAfterS
		charged := late && (busy.within(at, op.StartS) || lastCharged && lastStart > at)
		switch {
		case charged:
			l.Charged++
		case late:
			l.Own++
		}
		if late {
			l.Late++
		}
		if !charged {
			slips = append(slips, slip)
		}
		lastStart, lastCharged = op.StartS, charged
	}
	for seq, sent := range started {
		if sent {
			continue
		}
		l.Dropped++
		switch slip := end - due[seq]; {
		case slip <= 0: // not yet due when the load ended: nobody's fault
		case busy.within(due[seq], math.Inf(1)):
			l.Charged++
		default:
			l.Own++
			slips = append(slips, slip)
		}
	}
	slices.Sort(slips)
	if n := len(slips); n > 0 {
		l.PacingErrorP99S = slips[int(math.Ceil(0.99*float64(n)))-1]
		l.PacingErrorMaxS = slips[n-1]
	}
	return l
}
