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

// bubble runs a test of a Gatherer in a bubble.
func bubble(t *testing.T, cfg Config, s *store, test func(t *testing.T, g *Gatherer[int])) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		g := New(cfg, s.do)
		defer g.Close()
		test(t, g)
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

// TestLoneItem: an item that comes while nothing is under way begins at once, however
// short ago others did (PERF-6).
func TestLoneItem(t *testing.T) {
	for _, parallel := range []int{1, 8} {
		s := &store{takes: time.Millisecond}
		bubble(t, Config{Parallel: parallel}, s, func(t *testing.T, g *Gatherer[int]) {
			t.Helper()
			for i := range 50 {
				if waited := each(t, g, i, 1); waited != time.Millisecond {
					t.Errorf("item %d waited %s, want its own commit", i, waited)
				}
				time.Sleep(time.Duration(i%3) * time.Millisecond)
			}
			if len(s.batches) != 50 {
				t.Errorf("%d batches of 50 items that came alone", len(s.batches))
			}
		})
	}
}

// TestCommitUnderWay: what comes during a commit shares the next one, which begins when
// it ends (PERF-6).
func TestCommitUnderWay(t *testing.T) {
	for _, parallel := range []int{1, 8} {
		s := &store{takes: 10 * time.Millisecond}
		bubble(t, Config{Parallel: parallel}, s, func(t *testing.T, g *Gatherer[int]) {
			t.Helper()
			var all sync.WaitGroup
			for i := range 10 { // one each 3 ms
				all.Go(func() { each(t, g, i, 1) })
				time.Sleep(3 * time.Millisecond)
			}
			all.Wait()
			if diff := cmp.Diff([][]int{{0}, {1, 2, 3}, {4, 5, 6}, {7, 8, 9}}, s.batches); diff != "" {
				t.Error(diff)
			}
			ms := time.Millisecond
			if diff := cmp.Diff([]time.Duration{0, 10 * ms, 20 * ms, 30 * ms}, s.began); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// TestBatch: what comes while a batch is under way makes the next ones, none larger than
// the bound.
func TestBatch(t *testing.T) {
	s := &store{takes: 30 * time.Millisecond}
	bubble(t, Config{Batch: 12}, s, func(t *testing.T, g *Gatherer[int]) {
		t.Helper()
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

// TestOvertake: a batch that takes long keeps what comes after it for Overtake, as long as
// there is a place for another one.
func TestOvertake(t *testing.T) {
	for parallel, want := range map[int][]time.Duration{
		1: {0, 100 * time.Millisecond, 200 * time.Millisecond},
		2: {0, 20 * time.Millisecond, 100 * time.Millisecond},
		3: {0, 20 * time.Millisecond, 40 * time.Millisecond},
	} {
		t.Run(fmt.Sprint(parallel), func(t *testing.T) {
			s := &store{takes: 100 * time.Millisecond}
			bubble(t, Config{Batch: 1, Parallel: parallel}, s, func(t *testing.T, g *Gatherer[int]) {
				t.Helper()
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

// TestOvertaken: beside a batch that hangs the others go on one after the other, and what
// comes late begins at once.
func TestOvertaken(t *testing.T) {
	release := make(chan struct{})
	var mu sync.Mutex
	var batches [][]int
	synctest.Test(t, func(t *testing.T) {
		release = make(chan struct{})
		g := New(Config{Parallel: 8}, func(_ context.Context, items []int) []error {
			mu.Lock()
			batches = append(batches, slices.Clone(items))
			mu.Unlock()
			if items[0] == 0 {
				<-release
			} else {
				time.Sleep(10 * time.Millisecond)
			}
			return nil
		})
		var all sync.WaitGroup
		all.Go(func() { each(t, g, 0, 1) })
		time.Sleep(time.Second)
		if waited := each(t, g, 1, 1); waited != 10*time.Millisecond {
			t.Errorf("beside a batch that hangs one waited %s", waited)
		}
		all.Go(func() { each(t, g, 2, 1) })
		synctest.Wait()
		if waited := each(t, g, 3, 5); waited != 20*time.Millisecond {
			t.Errorf("those that came during a commit beside a batch that hangs waited %s", waited)
		}
		close(release)
		all.Wait()
		all.Go(func() { each(t, g, 10, 1) })
		synctest.Wait()
		if waited := each(t, g, 11, 5); waited != 20*time.Millisecond {
			t.Errorf("once nothing hangs those that came during a commit waited %s", waited)
		}
		all.Wait()
		if diff := cmp.Diff([]int{1, 1, 1, 5, 1, 5}, sizes(batches)); diff != "" {
			t.Error(diff)
		}
		g.Close()
	})
}

// TestErrors: each caller is told the error of its own item.
func TestErrors(t *testing.T) {
	s := &store{bad: 3, takes: time.Millisecond}
	bubble(t, Config{}, s, func(t *testing.T, g *Gatherer[int]) {
		t.Helper()
		go each(t, g, 100, 1) // the others come during its commit
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
			bubble(t, Config{Wait: tt.wait}, s, func(t *testing.T, g *Gatherer[int]) {
				t.Helper()
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
				g.Close()
				if diff := cmp.Diff([][]int{{0}}, s.batches); diff != "" {
					t.Error(diff)
				}
			})
		})
	}
}

func TestEndedCaller(t *testing.T) {
	s := new(store)
	bubble(t, Config{}, s, func(t *testing.T, g *Gatherer[int]) {
		t.Helper()
		ctx, cancel := context.WithCancel(t.Context())
		cancel()
		if err := g.Do(ctx, 1); !errors.Is(err, context.Canceled) {
			t.Error(err)
		}
		g.Close()
		if len(s.batches) > 0 {
			t.Errorf("done all the same: %v", s.batches)
		}
	})
}

// TestStay: the caller of an item that a batch has begun with learns how it ended; one
// whose item waits still leaves when its time ends.
func TestStay(t *testing.T) {
	s := &store{takes: 100 * time.Millisecond}
	bubble(t, Config{Stay: true, Wait: 30 * time.Millisecond}, s, func(t *testing.T, g *Gatherer[int]) {
		t.Helper()
		first := make(chan time.Duration)
		go func() { first <- each(t, g, 1, 1) }()
		synctest.Wait()
		started := time.Now()
		if err := g.Do(t.Context(), 2); !errors.Is(err, context.DeadlineExceeded) || time.Since(started) != 30*time.Millisecond {
			t.Errorf("an item that waited: %v after %s", err, time.Since(started))
		}
		if waited := <-first; waited != 100*time.Millisecond {
			t.Errorf("the caller of a begun item waited %s, want its commit", waited)
		}
		g.Close()
		if diff := cmp.Diff([][]int{{1}}, s.batches); diff != "" {
			t.Error(diff)
		}
	})
}

// TestClosing: what waits at Close is done, Close returns after it, and what comes later
// is refused.
func TestClosing(t *testing.T) {
	s := &store{takes: 5 * time.Millisecond}
	bubble(t, Config{Batch: 10}, s, func(t *testing.T, g *Gatherer[int]) {
		t.Helper()
		go each(t, g, 0, 1)
		synctest.Wait()
		waited := make(chan time.Duration)
		go func() { waited <- each(t, g, 1, 25) }()
		synctest.Wait()
		started := time.Now()
		go g.Close()
		if w := <-waited; w != 20*time.Millisecond {
			t.Errorf("those that waited had to wait %s more, want four batches", w)
		}
		g.Close()
		if took := time.Since(started); took != 20*time.Millisecond {
			t.Errorf("Close ended after %s", took)
		}
		if diff := cmp.Diff([]int{1, 10, 10, 5}, sizes(s.batches)); diff != "" {
			t.Error(diff)
		}
		if err := g.Do(t.Context(), 99); !errors.Is(err, ErrClosed) {
			t.Errorf("after the end: %v", err)
		}
	})
}

// BenchmarkDo is what an item costs beside its statement: one caller alone, and 64 that
// share batches.
func BenchmarkDo(b *testing.B) {
	for _, callers := range []int{1, 64} {
		b.Run(fmt.Sprint(callers), func(b *testing.B) {
			g := New(Config{Wait: time.Second}, func(context.Context, []int) []error { return nil })
			defer g.Close()
			b.ReportAllocs()
			b.SetParallelism(callers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					if err := g.Do(b.Context(), 1); err != nil {
						b.Error(err)
					}
				}
			})
		})
	}
}
