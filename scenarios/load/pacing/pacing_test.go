package pacing_test

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
	"oalab/scenarios/load/pacing"
)

// generator simulates an open-loop generator: one pacer that hands each arrival, in
// order, to the first free worker. awake maps a moment at which it would act to the
// moment at which it can; serve says when an operation that starts then ends.
func generator(due []float64, workers int, awake, serve func(float64) float64) []history.Operation {
	free := make([]float64, workers)
	var (
		ops  []history.Operation
		last float64
	)
	for i, at := range due {
		w := 0
		for j := range free {
			if free[j] < free[w] {
				w = j
			}
		}
		start := awake(max(at, last, free[w]))
		last = start
		free[w] = awake(serve(start)) // a stopped generator sees the answer late too
		ops = append(ops, history.Operation{Seq: uint64(i), StartS: start, LatencyS: free[w] - start, Status: 200})
	}
	return ops
}

func every(gap float64, n int) []float64 {
	due := make([]float64, n)
	for i := range due {
		due[i] = float64(i) * gap
	}
	return due
}

func always(t float64) float64 { return t }

func quick(start float64) float64 { return start + 0.001 }

// frozen is a server that stands still in [1, 2).
func frozen(start float64) float64 {
	if end := start + 0.001; end < 1 || start >= 2 {
		return end
	}
	return 2.001
}

// stopped is a generator that stands still in the first 100 ms of each 200 ms.
func stopped(t float64) float64 {
	if phase := math.Mod(t, 0.2); phase < 0.1 {
		return t - phase + 0.1
	}
	return t
}

func p95(v []float64) float64 {
	slices.Sort(v)
	return v[int(math.Ceil(0.95*float64(len(v))))-1]
}

// TestFrozenServer is the case of the issue in small: 200/s for 4 s, ten workers,
// a server frozen for 1 s.
func TestFrozenServer(t *testing.T) {
	due := every(0.005, 800)
	ops := generator(due, 10, always, frozen)
	var sent []float64
	for _, op := range ops {
		sent = append(sent, op.LatencyS)
	}
	if got := p95(sent); got > 0.05 {
		t.Errorf("p95 from the send time %.3f s: the case shows nothing", got)
	}
	if got := p95(pacing.DueLatencies(ops, due)); got < 0.7 {
		t.Errorf("p95 from the due time %.3f s, want at least 0.7", got)
	}
	l := pacing.LatenessOf(ops, due, 10)
	if l.Started != 800 || l.Dropped != 0 || l.Late < 150 || l.Charged != l.Late || l.Own != 0 || l.GeneratorBound() {
		t.Errorf("want every late arrival charged to the system: %+v", l)
	}
}

// TestStoppedGenerator is its counterpart: the server is idle, the generator stands
// still for half of the time.
func TestStoppedGenerator(t *testing.T) {
	due := every(0.005, 800)
	for _, workers := range []int{10, 3000, 0} {
		ops := generator(due, max(workers, 100), stopped, quick)
		l := pacing.LatenessOf(ops, due, workers)
		if !l.GeneratorBound() || l.Own < 100 || l.PacingErrorMaxS < 0.09 {
			t.Errorf("%d workers: want the generator's own error: %+v", workers, l)
		}
	}
	// Few workers, and the real number of them: the catching up fills all ten, but
	// enough arrivals are late before that.
	if l := pacing.LatenessOf(generator(due, 10, stopped, quick), due, 10); !l.GeneratorBound() {
		t.Errorf("ten workers: want the generator's own error: %+v", l)
	}
}

func TestLatenessClasses(t *testing.T) {
	op := func(seq uint64, start, end float64) history.Operation {
		return history.Operation{Seq: seq, StartS: start, LatencyS: end - start}
	}
	for _, tc := range []struct {
		name    string
		ops     []history.Operation
		due     []float64
		workers int
		want    pacing.Lateness
	}{
		{
			name: "punctual",
			ops:  []history.Operation{op(0, 0.001, 0.1), op(1, 0.101, 0.2)}, due: []float64{0, 0.1}, workers: 1,
			want: pacing.Lateness{Scheduled: 2, Started: 2, PacingErrorP99S: 0.001, PacingErrorMaxS: 0.001},
		},
		{
			name: "late behind the only worker",
			ops:  []history.Operation{op(0, 0, 1), op(1, 1, 1.1)}, due: []float64{0, 0.5}, workers: 1,
			want: pacing.Lateness{Scheduled: 2, Started: 2, Late: 1, Charged: 1},
		},
		{
			name: "late with the other worker free",
			ops:  []history.Operation{op(0, 0, 1), op(1, 0.7, 1.1)}, due: []float64{0, 0.5}, workers: 2,
			want: pacing.Lateness{Scheduled: 2, Started: 2, Late: 1, Own: 1, PacingErrorP99S: 0.2, PacingErrorMaxS: 0.2},
		},
		{
			name: "without a limit of workers nothing is charged",
			ops:  []history.Operation{op(0, 0, 1), op(1, 1, 1.1)}, due: []float64{0, 0.5},
			want: pacing.Lateness{Scheduled: 2, Started: 2, Late: 1, Own: 1, PacingErrorP99S: 0.5, PacingErrorMaxS: 0.5},
		},
		{
			name: "the operation that fills the last worker is not its own excuse",
			ops:  []history.Operation{op(0, 0, 0.01), op(1, 0.6, 1)}, due: []float64{0, 0.5}, workers: 1,
			want: pacing.Lateness{Scheduled: 2, Started: 2, Late: 1, Own: 1, PacingErrorP99S: 0.1, PacingErrorMaxS: 0.1},
		},
		{
			name: "busy until just before it was due",
			ops:  []history.Operation{op(0, 0, 0.5), op(1, 0.6, 1)}, due: []float64{0, 0.5}, workers: 1,
			want: pacing.Lateness{Scheduled: 2, Started: 2, Late: 1, Own: 1, PacingErrorP99S: 0.1, PacingErrorMaxS: 0.1},
		},
		{
			name: "queued behind a charged one",
			// Workers are free again at 1.0, but 1 starts at 1.05 and 2, due at 1.01, only
			// after it.
			ops: []history.Operation{op(0, 0, 1), op(1, 1.05, 1.051), op(2, 1.06, 1.061)}, due: []float64{0, 0.5, 1.01}, workers: 1,
			want: pacing.Lateness{Scheduled: 3, Started: 3, Late: 2, Charged: 2},
		},
		{
			name: "after a charged one but not behind it",
			ops:  []history.Operation{op(0, 0, 1), op(1, 1, 1.001), op(2, 1.3, 1.301)}, due: []float64{0, 0.5, 1.1}, workers: 1,
			want: pacing.Lateness{Scheduled: 3, Started: 3, Late: 2, Charged: 1, Own: 1, PacingErrorP99S: 0.2, PacingErrorMaxS: 0.2},
		},
		{
			name: "dropped while the worker was held",
			ops:  []history.Operation{op(0, 0, 9)}, due: []float64{0, 1, 2}, workers: 1,
			want: pacing.Lateness{Scheduled: 3, Started: 1, Dropped: 2, Charged: 2},
		},
		{
			name: "dropped with workers free",
			ops:  []history.Operation{op(0, 0, 1), op(2, 2, 3)}, due: []float64{0, 1, 2}, workers: 2,
			want: pacing.Lateness{Scheduled: 3, Started: 2, Dropped: 1, Own: 1, PacingErrorP99S: 2, PacingErrorMaxS: 2},
		},
		{
			name: "interrupted before they were due",
			ops:  []history.Operation{op(0, 0, 0.1)}, due: []float64{0, 1, 2}, workers: 1,
			want: pacing.Lateness{Scheduled: 3, Started: 1, Dropped: 2},
		},
		{
			name: "nothing sent", due: []float64{0, 1}, workers: 1,
			want: pacing.Lateness{Scheduled: 2, Dropped: 2},
		},
		{
			name: "started a moment early",
			ops:  []history.Operation{op(0, 0.9999, 1.1)}, due: []float64{1}, workers: 1,
			want: pacing.Lateness{Scheduled: 1, Started: 1},
		},
	} {
		t.Run(tc.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(1, 1))
			rng.Shuffle(len(tc.ops), func(i, j int) { tc.ops[i], tc.ops[j] = tc.ops[j], tc.ops[i] })
			near := cmp.Comparer(func(a, b float64) bool { return math.Abs(a-b) < 1e-9 })
			if d := cmp.Diff(tc.want, pacing.LatenessOf(tc.ops, tc.due, tc.workers), near); d != "" {
				t.Errorf("(-want +got):\n%s", d)
			}
		})
	}
}

// TestFewOwnSlipsAreForgiven: one late arrival in a thousand is noise of the
// machine, one in fifty is a generator that cannot keep its schedule.
func TestFewOwnSlipsAreForgiven(t *testing.T) {
	due := every(0.01, 1000)
	for _, tc := range []struct {
		gap  int
		want bool
	}{{1000, false}, {50, true}} {
		var ops []history.Operation
		for i, at := range due {
			if i%tc.gap == 7 {
				at += 0.1
			}
			ops = append(ops, history.Operation{Seq: uint64(i), StartS: at, LatencyS: 0.001})
		}
		if l := pacing.LatenessOf(ops, due, 100); l.GeneratorBound() != tc.want {
			t.Errorf("one slip in %d: generator-bound = %v, want %v: %+v", tc.gap, l.GeneratorBound(), tc.want, l)
		}
	}
}

func TestDue(t *testing.T) {
	got := pacing.Due([]history.PlannedOp{{Seq: 0, DueS: 0.5}, {Seq: 1, DueS: 1}})
	if d := cmp.Diff([]float64{0.5, 1}, got); d != "" {
		t.Errorf("(-want +got):\n%s", d)
	}
	if got := pacing.DueLatencies([]history.Operation{{Seq: 1, StartS: 3, LatencyS: 1}, {Seq: 2}}, got); len(got) != 1 || got[0] != 3 {
		t.Errorf("DueLatencies = %v, want [3]", got)
	}
}
