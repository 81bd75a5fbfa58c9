package resilience_test

import (
	"context"
	"errors"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/resilience"
)

func TestBackoff(t *testing.T) {
	b := resilience.NewBackoff(200*time.Millisecond, 2*time.Second, 1)
	ceilings := []int{200, 400, 800, 1600, 2000, 2000, 2000}
	different := false
	for i, ms := range ceilings {
		c := time.Duration(ms) * time.Millisecond
		for range 200 {
			d := b.Delay(i + 1)
			if d < c/2 || d > c {
				t.Fatalf("attempt %d waits %s, want %s to %s", i+1, d, c/2, c)
			}
			different = different || d != c
		}
	}
	if !different {
		t.Error("the waits have no jitter")
	}
	if d := b.Delay(1_000_000); d > 2*time.Second {
		t.Errorf("attempt 1 000 000 waits %s", d)
	}
	x, y := resilience.NewBackoff(time.Second, time.Minute, 7), resilience.NewBackoff(time.Second, time.Minute, 7)
	for i := range 10 {
		if x.Delay(i) != y.Delay(i) {
			t.Error("the same seed gives other waits")
		}
	}
	if d := resilience.NewBackoff(0, 0, 1).Delay(3); d != 0 {
		t.Errorf("no base waits %s", d)
	}
}

var errFailed = errors.New("failed")

func TestLaneBreaks(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		rule := errors.New("refused by rule")
		l := resilience.NewLane[int](resilience.LaneConfig{
			Name: "test", MinCalls: 4, OpenFor: time.Second, Probes: 1,
			Failed: func(err error) bool { return !errors.Is(err, rule) },
		})
		calls := 0
		do := func(result error) error {
			_, err := l.Do(t.Context(), func(context.Context) (int, error) { calls++; return 1, result })
			return err
		}
		for range 20 {
			if err := do(rule); !errors.Is(err, rule) {
				t.Fatalf("an answer that is no failure: %v", err)
			}
		}
		for errors.Is(do(errFailed), errFailed) {
		}
		opened := calls
		if err := do(nil); !errors.Is(err, resilience.ErrRefused) || calls != opened {
			t.Errorf("an open breaker: %v, %d more calls", err, calls-opened)
		}
		<-time.After(time.Second + time.Millisecond)
		if err := do(errFailed); !errors.Is(err, errFailed) {
			t.Errorf("the probe: %v", err)
		}
		if err := do(nil); !errors.Is(err, resilience.ErrRefused) {
			t.Errorf("after a failed probe: %v", err)
		}
		<-time.After(time.Second + time.Millisecond)
		for i := range 3 {
			if err := do(nil); err != nil {
				t.Errorf("call %d after recovery: %v", i, err)
			}
		}
	})
}

func TestLaneWidth(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewLane[int](resilience.LaneConfig{Name: "test", Width: 2})
		hold := make(chan struct{})
		var wg sync.WaitGroup
		slow := func() {
			if _, err := l.Do(t.Context(), func(context.Context) (int, error) { <-hold; return 1, nil }); err != nil {
				t.Error(err)
			}
		}
		wg.Go(slow)
		wg.Go(slow)
		synctest.Wait()
		if _, err := l.Do(t.Context(), func(context.Context) (int, error) { return 1, nil }); !errors.Is(err, resilience.ErrRefused) {
			t.Errorf("the third call: %v", err)
		}
		close(hold)
		wg.Wait()
		if v, err := l.Do(t.Context(), func(context.Context) (int, error) { return 7, nil }); err != nil || v != 7 {
			t.Errorf("a free lane: %d, %v", v, err)
		}
	})
}

// A lane that lets calls wait gives each its turn in time, and refuses one that has waited long enough
// or has given up.
func TestLaneWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := resilience.NewLane[int](resilience.LaneConfig{Name: "test", Width: 2, Wait: time.Second})
		call := func(ctx context.Context) error {
			_, err := l.Do(ctx, func(context.Context) (int, error) { <-time.After(300 * time.Millisecond); return 1, nil })
			return err
		}
		// Seven pairs: the first four have their turn within a second, the others do not.
		done, refused := make(chan time.Duration, 14), make(chan time.Duration, 14)
		began := time.Now()
		var wg sync.WaitGroup
		for range 14 {
			wg.Go(func() {
				if err := call(t.Context()); errors.Is(err, resilience.ErrRefused) {
					refused <- time.Since(began)
				} else if err == nil {
					done <- time.Since(began)
				}
			})
		}
		wg.Wait()
		if len(done) != 8 || len(refused) != 6 {
			t.Errorf("%d done, %d refused, want 8 and 6", len(done), len(refused))
		}
		for len(refused) > 0 {
			if after := <-refused; after != time.Second {
				t.Errorf("refused after %s, want 1 s", after)
			}
		}
		for range 2 {
			wg.Go(func() { _ = call(t.Context()) })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := call(ctx); !errors.Is(err, resilience.ErrRefused) {
			t.Errorf("a caller that gave up: %v", err)
		}
		wg.Wait()
	})
}
