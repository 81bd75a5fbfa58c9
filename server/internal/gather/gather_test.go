package gather

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// store remembers batches and takes its time for each.
type store struct {
	takes time.Duration
	bad   int // this item fails

	mu      sync.Mutex
	batches [][]int
	began   []time.Duration // since the first one
	first   time.Time
	busiest int
	busy    int
}

var errBad = errors.New("bad item")

func (s *store) do(_ context.Context, items []int) []error {
	s.mu.Lock()
	if s.first.IsZero() {
		s.first = time.Now()
	}
	s.batches = append(s.batches, slices.Clone(items))
	s.began = append(s.began, time.Since(s.first))
	s.busy++
	s.busiest = max(s.busiest, s.busy)
	s.mu.Unlock()
	time.Sleep(s.takes)
	s.mu.Lock()
	s.busy--
	s.mu.Unlock()
	at := slices.Index(items, s.bad)
	if s.bad == 0 || at < 0 {
		return nil
	}
	errs := make([]error, len(items))
	errs[at] = errBad
	return errs
}

// rig is a Gatherer in a bubble of its own; stop ends its Run.
type rig struct {
	t    *testing.T // the bubble's
	g    *Gatherer[int]
	stop func()
}

// bubble runs a test in a bubble.
func bubble(t *testing.T, cfg Config, s *store, test func(r rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := New(cfg, s.do)
		ctx, cancel := context.WithCancel(t.Context())
		var running sync.WaitGroup
		running.Go(func() { g.Run(ctx) })
		stop := func() { cancel(); running.Wait() }
		defer stop()
		synctest.Wait() // it takes what comes
		test(rig{t, g, stop})
	})
}

// each does items at once, each by a caller of its own, in order, and returns how long the
// slowest waited.
func each(t *testing.T, g *Gatherer[int], from, n int) time.Duration {
	t.Helper()
	var wg sync.WaitGroup
	var slowest atomic.Int64
	for i := range n {
		wg.Go(func() {
			started := time.Now()
			if err := g.Do(t.Context(), from+i); err != nil {
				t.Errorf("item %d: %v", from+i, err)
			}
			for took := int64(time.Since(started)); ; {
				if old := slowest.Load(); old >= took || slowest.CompareAndSwap(old, took) {
					return
				}
			}
		})
	}
	wg.Wait()
	return time.Duration(slowest.Load())
}

func sizes(batches [][]int) []int {
	n := make([]int, len(batches))
	for i, b := range batches {
		n[i] = len(b)
	}
	return n
}

// TestRhythm: one alone waits for nobody, those that follow share a batch, and many do not
// wait (PERF-1).
func TestRhythm(t *testing.T) {
	s := new(store)
	bubble(t, Config{Every: 20 * time.Millisecond, Enough: 10}, s, func(r rig) {
		t, g := r.t, r.g
		if waited := each(t, g, 0, 1); waited != 0 {
			t.Errorf("one alone waited %s", waited)
		}
		var following sync.WaitGroup
		for i := range 5 { // one each 3 ms
			time.Sleep(3 * time.Millisecond)
			following.Go(func() {
				if waited, want := each(t, g, 1+i, 1), time.Duration(17-3*i)*time.Millisecond; waited != want {
					t.Errorf("item %d waited %s, want %s", 1+i, waited, want)
				}
			})
		}
		following.Wait()
		if waited := each(t, g, 10, 10); waited != 0 {
			t.Errorf("enough waited %s", waited)
		}
		if diff := cmp.Diff([]int{1, 5, 10}, sizes(s.batches)); diff != "" {
			t.Error(diff)
		}
		time.Sleep(time.Second)
		if waited := each(t, g, 50, 1); waited != 0 {
			t.Errorf("one alone waited %s after a pause", waited)
		}
	})
}

// TestBatch: what comes while a batch is under way makes the next ones, none larger than
// the bound.
func TestBatch(t *testing.T) {
	s := &store{takes: 30 * time.Millisecond}
	bubble(t, Config{Batch: 12, Every: 20 * time.Millisecond}, s, func(r rig) {
		t, g := r.t, r.g
		go each(t, g, 0, 1)
		synctest.Wait()
		if waited := each(t, g, 1, 30); waited != 120*time.Millisecond {
			t.Errorf("the last of thirty waited %s, want four batches", waited)
		}
		if diff := cmp.Diff([]int{1, 12, 12, 6}, sizes(s.batches)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestParallel: what takes long keeps those that come after it no longer than the places
// for batches last.
func TestParallel(t *testing.T) {
	for parallel, want := range map[int][]time.Duration{
		1: {0, 100 * time.Millisecond, 200 * time.Millisecond},
		2: {0, 20 * time.Millisecond, 100 * time.Millisecond},
		3: {0, 20 * time.Millisecond, 40 * time.Millisecond},
	} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			s := &store{takes: 100 * time.Millisecond}
			bubble(t, Config{Batch: 1, Every: 20 * time.Millisecond, Parallel: parallel}, s, func(r rig) {
				t, g := r.t, r.g
				each(t, g, 1, 3)
				if diff := cmp.Diff(want, s.began); diff != "" {
					t.Error(diff)
				}
				if s.busiest != parallel {
					t.Errorf("%d batches at once, want %d", s.busiest, parallel)
				}
			})
		})
	}
}

// TestErrors: each caller is told the error of its own item.
func TestErrors(t *testing.T) {
	s := &store{bad: 3, takes: time.Millisecond}
	bubble(t, Config{}, s, func(r rig) {
		t, g := r.t, r.g
		go each(t, g, 100, 1) // the others wait for each other
		synctest.Wait()
		var wg sync.WaitGroup
		for i := 1; i <= 5; i++ {
			wg.Go(func() {
				if err := g.Do(t.Context(), i); errors.Is(err, errBad) != (i == 3) {
					t.Errorf("item %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if diff := cmp.Diff([]int{1, 5}, sizes(s.batches)); diff != "" {
			t.Error(diff)
		}
	})
}

// TestGivingUp: a caller leaves when its time ends. What no batch has begun with is
// never done; what one has begun with may be.
func TestGivingUp(t *testing.T) {
	for name, tt := range map[string]struct {
		wait, ctx, want time.Duration
	}{
		"by its context":     {0, 30 * time.Millisecond, 30 * time.Millisecond},
		"by the wait":        {30 * time.Millisecond, time.Minute, 30 * time.Millisecond},
		"whichever is first": {30 * time.Millisecond, 10 * time.Millisecond, 10 * time.Millisecond},
	} {
		t.Run(name, func(t *testing.T) {
			s := &store{takes: 100 * time.Millisecond}
			bubble(t, Config{Wait: tt.wait}, s, func(r rig) {
				t, g := r.t, r.g
				var wg sync.WaitGroup
				for i := range 2 { // the first one's batch is under way when the second one comes
					wg.Go(func() {
						ctx, cancel := context.WithTimeout(t.Context(), tt.ctx)
						defer cancel()
						started := time.Now()
						if err := g.Do(ctx, i); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != tt.want {
							t.Errorf("item %d: %v after %s, want after %s", i, err, time.Since(started), tt.want)
						}
					})
					synctest.Wait()
				}
				wg.Wait()
				time.Sleep(time.Second)
				r.stop()
				if diff := cmp.Diff([][]int{{0}}, s.batches); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestEndedCaller(t *testing.T) {
	s := new(store)
	bubble(t, Config{}, s, func(r rig) {
		t, g := r.t, r.g
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.Do(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		r.stop()
		if len(s.batches) > 0 {
			t.Errorf("done all the same: %v", s.batches)
		}
	})
}

// TestClosing: what waits when Run ends is done, without the pause between two batches
// (Run returns after it), and what comes later is refused.
func TestClosing(t *testing.T) {
	s := &store{takes: 5 * time.Millisecond}
	bubble(t, Config{Batch: 10, Every: time.Hour}, s, func(r rig) {
		t, g := r.t, r.g
		each(t, g, 0, 1)
		waited := make(chan time.Duration)
		go func() { waited <- each(t, g, 1, 25) }()
		synctest.Wait()
		started := time.Now()
		go r.stop()
		if w := <-waited; w != 15*time.Millisecond {
			t.Errorf("those that waited had to wait %s more, want three batches", w)
		}
		r.stop()
		if took := time.Since(started); took != 15*time.Millisecond {
			t.Errorf("Run ended after %s", took)
		}
		if diff := cmp.Diff([]int{1, 10, 10, 5}, sizes(s.batches)); diff != "" {
			t.Error(diff)
		}
		if err := g.Do(t.Context(), 99); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// TestClosingUnderLoad: whatever happens at once, each caller is told exactly what became
// of its item.
func TestClosingUnderLoad(t *testing.T) {
	for range 50 {
		var done sync.Map
		g := New(Config{Batch: 7, Every: time.Microsecond, Parallel: 3}, func(_ context.Context, items []int) []error {
			for _, i := range items {
				if _, twice := done.LoadOrStore(i, true); twice {
					t.Errorf("item %d was done twice", i)
				}
			}
			return nil
		})
		ctx, cancel := context.WithCancel(t.Context())
		var running, calling sync.WaitGroup
		running.Go(func() { g.Run(ctx) })
		for c := range 16 {
			calling.Go(func() {
				for i := range 20 {
					item := c*100 + i
					err := g.Do(t.Context(), item)
					if _, was := done.Load(item); was != (err == nil) || err != nil && !errors.Is(err, ErrClosed) {
						t.Errorf("item %d: done %t, error %v", item, was, err)
					}
					if item == 705 {
						cancel()
					}
				}
			})
		}
		calling.Wait()
		cancel()
		running.Wait()
	}
}
