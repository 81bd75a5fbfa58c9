package chaos

import (
	"context"
	"errors"
	"math/rand/v2"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// legal is the oracle: what the diagram in guard.go says, written down apart from it.
var legal = map[string]struct {
	from []string
	to   string
}{
	"inject":  {from: []string{"idle"}, to: "injecting"},
	"effect":  {from: []string{"injecting"}, to: "active"},
	"recover": {from: []string{"injecting", "active", "invalid"}, to: "recovering"},
	"healed":  {from: []string{"recovering"}, to: "idle"},
}

func (g *guard) do(ctx context.Context, step string) error {
	switch step {
	case "inject":
		return g.Inject(ctx)
	case "effect":
		return g.AwaitEffect(ctx)
	case "recover":
		return g.Recover(ctx)
	default:
		return g.AwaitHealed(ctx)
	}
}

var stepNames = []string{"inject", "effect", "recover", "healed"}

func TestGuardAgainstOracle(t *testing.T) {
	t.Parallel()
	rng := rand.New(rand.NewPCG(1, 2))
	f := newScripted("random")
	var fail, boom bool
	for _, step := range stepNames {
		f.on[step] = func(context.Context) error {
			switch {
			case fail:
				return errPlanted
			case boom:
				panic("planted panic")
			}
			return nil
		}
	}
	g := newGuard(f)
	want, calls := "idle", 0
	seen := map[string]int{}
	for i := range 10_000 {
		step := stepNames[rng.IntN(len(stepNames))]
		fail, boom = rng.IntN(10) == 0, rng.IntN(50) == 0
		err := g.do(t.Context(), step)

		allowed := slices.Contains(legal[step].from, want)
		switch {
		case !allowed:
			if !errors.Is(err, ErrStep) {
				t.Fatalf("step %d: %s in %s: got %v, want ErrStep", i, step, want, err)
			}
		case fail:
			calls++
			want = "invalid"
			if !errors.Is(err, errPlanted) || g.Failed() == nil {
				t.Fatalf("step %d: %s failed: got %v and remembered %v", i, step, err, g.Failed())
			}
		case boom:
			calls++
			want = "invalid"
			if _, ok := errors.AsType[*PanicError](err); !ok {
				t.Fatalf("step %d: %s panicked: got %v, want a PanicError", i, step, err)
			}
		default:
			calls++
			want = legal[step].to
			if err != nil {
				t.Fatalf("step %d: %s in a legal state: %v", i, step, err)
			}
		}
		if got := g.State().String(); got != want {
			t.Fatalf("step %d: after %s (allowed %v, fail %v, panic %v) it is %s, want %s", i, step, allowed, fail, boom, got, want)
		}
		if (want == "idle") && g.Failed() != nil {
			t.Fatalf("step %d: idle, but remembers %v", i, g.Failed())
		}
		if got := len(f.steps()); got != calls {
			t.Fatalf("step %d: the fault was called %d times, want %d: a refused step must not reach it", i, got, calls)
		}
		seen[want]++
	}
	for _, s := range []string{"idle", "injecting", "active", "recovering", "invalid"} {
		if seen[s] < 100 {
			t.Errorf("state %s was met %d times in 10000 steps: the walk is too tame", s, seen[s])
		}
	}
}

// The fault of this test is its own witness: its steps never overlap and never
// come out of order, for any order in which the goroutines ask.
func TestGuardFromManyGoroutines(t *testing.T) {
	t.Parallel()
	f := newScripted("crowded")
	var witness sync.Mutex
	now := "idle"
	for _, step := range stepNames {
		f.on[step] = func(context.Context) error {
			if !witness.TryLock() {
				t.Error("two steps of one fault overlap")
				return nil
			}
			defer witness.Unlock()
			if !slices.Contains(legal[step].from, now) {
				t.Errorf("%s reached the fault in state %s", step, now)
			}
			now = legal[step].to
			return nil
		}
	}
	g := newGuard(f)
	var all sync.WaitGroup
	for n := range 8 {
		all.Go(func() {
			rng := rand.New(rand.NewPCG(uint64(n), 7))
			for range 500 {
				err := g.do(t.Context(), stepNames[rng.IntN(len(stepNames))])
				if err != nil && !errors.Is(err, ErrStep) {
					t.Errorf("unexpected error: %v", err)
				}
			}
		})
	}
	all.Wait()
	if got := g.State().String(); got != now {
		t.Errorf("the guard says %s, the fault %s", got, now)
	}
}

func TestGuardLeavesAStuckStep(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		f := newScripted("stuck")
		release := make(chan struct{})
		defer close(release)
		f.on["inject"] = func(context.Context) error { <-release; return nil }
		g := newGuard(f)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()

		waiting := make(chan error, 1)
		go func() {
			time.Sleep(time.Second)
			short, stop := context.WithTimeout(t.Context(), time.Second)
			defer stop()
			waiting <- g.Recover(short)
		}()

		start := time.Now()
		err := g.Inject(ctx)
		if !errors.Is(err, ErrStuck) || !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("got %v, want ErrStuck after the deadline", err)
		}
		if took := time.Since(start); took != 5*time.Second+stuckGrace {
			t.Errorf("it took %v", took)
		}
		if err := <-waiting; !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("a step waiting for another got %v, want its own deadline", err)
		}
		if g.State() != invalid {
			t.Errorf("state %v, want invalid", g.State())
		}
		if err := g.Recover(t.Context()); err != nil {
			t.Errorf("recovery after a stuck step: %v", err)
		}
	})
}
