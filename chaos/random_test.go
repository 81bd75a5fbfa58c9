package chaos

import (
	"context"
	"fmt"
	"math/rand/v2"
	"testing"
	"testing/synctest"
	"time"
)

// Whatever the schedule, the failures and the moment of the interruption: when
// Run returns, every fault that was injected was recovered as its last deed, and
// never before it was asked for unless the run ended early.
func TestInjectorAlwaysRecovers(t *testing.T) {
	t.Parallel()
	for seed := range uint64(300) {
		synctest.Test(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 11))
			var schedule Schedule
			var faults []*scripted
			for n := range 1 + rng.IntN(6) {
				f := newScripted(fmt.Sprint("fault-", n))
				for _, step := range stepNames {
					switch rng.IntN(8) {
					case 0:
						f.on[step] = failing(1)
					case 1:
						f.on[step] = after(time.Duration(rng.IntN(2000)) * ms)
					case 2:
						if rng.IntN(8) == 0 && step != "recover" && step != "healed" {
							f.on[step] = panicking
						}
					}
				}
				faults = append(faults, f)
				at, long := rng.IntN(5000), 1+rng.IntN(5000)
				schedule = append(schedule, Entry{Fault: f, At: time.Duration(at) * ms, For: time.Duration(long) * ms})
			}
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			ended := 20 * time.Second
			if rng.IntN(2) == 0 {
				ended = time.Duration(rng.IntN(10_000)) * ms
			}
			time.AfterFunc(ended, cancel)
			got, err := NewInjector(schedule, options()).Run(ctx, time.Now())

			for n, f := range faults {
				steps, w := f.steps(), got[n]
				if len(steps) == 0 {
					if w.Err == nil {
						t.Errorf("seed %d: %s was never injected and has no error", seed, w.Fault)
					}
					continue
				}
				if last := steps[len(steps)-1]; last != "healed" || w.Healed == 0 {
					t.Errorf("seed %d: %s ended with %v, window %+v", seed, w.Fault, steps, w)
				}
				if w.Healed < w.To || w.To < w.From {
					t.Errorf("seed %d: window out of order: %+v", seed, w)
				}
				if err == nil && w.To < w.PlannedTo {
					t.Errorf("seed %d: %s was recovered at %v, asked for %v", seed, w.Fault, w.To, w.PlannedTo)
				}
			}
		})
	}
}
