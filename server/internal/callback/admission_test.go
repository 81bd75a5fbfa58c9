package callback

import (
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// closedLoop lets so many clients send a try as soon as they have their answer, for a
// second. It returns how many were served, how many of them at once at most, and the longest
// time that one took.
func closedLoop(t *testing.T, a *admission, clients int, service time.Duration) (served, most int, longest time.Duration) {
	t.Helper()
	var mu sync.Mutex
	inUse := 0
	end := time.Now().Add(time.Second)
	there := func(*http.Request) (time.Duration, bool) { return 0, false }
	var all sync.WaitGroup
	for range clients {
		all.Go(func() {
			for time.Now().Before(end) {
				begun := time.Now()
				if v := a.enter(&http.Request{}, begun, there); !v.in() {
					t.Errorf("a try was refused: %s", v)
					return
				}
				mu.Lock()
				inUse++
				most = max(most, inUse)
				mu.Unlock()
				in := time.Now()
				time.Sleep(service)
				mu.Lock()
				inUse--
				served++
				longest = max(longest, time.Since(begun))
				mu.Unlock()
				a.leave(in, begun.Add(a.budget))
			}
		})
	}
	all.Wait()
	return served, most, longest
}

// TestAFullServerKeepsTheOrder: a line that stands without end is no overload while each
// try in it waits shortly. Newest first would let the oldest wait without need (PERF-6).
func TestAFullServerKeepsTheOrder(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := newAdmission(1, time.Second, nil)
		if _, _, longest := closedLoop(t, a, 9, time.Millisecond); longest != 9*time.Millisecond {
			t.Errorf("the longest of nine took %s, want the time of nine", longest)
		}
	})
}

// TestQuickTriesAreServedTogether: as many tries as are served quickly are served at once,
// also when goroutines stand ready to run, as each answer of a full server makes them. Slow
// ones are not (PERF-6, SEC-2).
func TestQuickTriesAreServedTogether(t *testing.T) {
	t.Parallel()
	for _, tc := range []struct {
		service time.Duration
		served  int // at least
		most    int
	}{
		{2 * time.Millisecond, 28_000, 64},
		{100 * time.Millisecond, 160, leastServed},
	} {
		synctest.Test(t, func(t *testing.T) {
			a := newAdmission(0, 4*time.Second, func() bool { return false })
			served, most, _ := closedLoop(t, a, 64, tc.service)
			if served < tc.served || most != tc.most {
				t.Errorf("service of %s: %d served, %d at once; want at least %d, and %d at once", tc.service, served, most, tc.served, tc.most)
			}
		})
	}
}

func TestPace(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var p pace
		for range 30 {
			p.count(time.Now())
		}
		for _, step := range []struct {
			after time.Duration
			want  int
		}{{0, 30}, {quick - 1, 30}, {1, 30}, {quick, 0}} {
			time.Sleep(step.after)
			if got := p.recent(time.Now()); got != step.want {
				t.Errorf("%d served %s later, want %d", got, step.after, step.want)
			}
		}
	})
}
