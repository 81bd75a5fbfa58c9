package chaos

import (
	"testing"
	"testing/synctest"
	"time"
)

// TestInjectorHasPatience: a fault that heals three times as late as a limit allows is
// healed on a machine that is four times slower, and the next one is injected.
func TestInjectorHasPatience(t *testing.T) {
	for _, tc := range []struct {
		factor float64
		healed bool
	}{{1, false}, {4, true}} {
		synctest.Test(t, func(t *testing.T) {
			slow := newScripted("slow")
			slow.on["healed"] = after(30 * time.Second)
			s := Schedule{{Fault: slow, At: 0, For: time.Second}, {Fault: newScripted("next"), At: 2 * time.Second, For: time.Second}}
			windows, err := NewInjector(s, Options{StepTimeout: 10 * time.Second, Serial: true}).Run(WithPatience(t.Context(), tc.factor), time.Now())
			if got := windows[0].Healed > 0 && windows[1].Healed > 0 && err == nil; got != tc.healed {
				t.Errorf("factor %g: both faults over %t, want %t: %v", tc.factor, got, tc.healed, err)
			}
		})
	}
}

func TestPatience(t *testing.T) {
	for factor, want := range map[float64]time.Duration{0.5: 10 * time.Second, 1: 10 * time.Second, 2.5: 25 * time.Second} {
		if got := Patient(WithPatience(t.Context(), factor), 10*time.Second); got != want {
			t.Errorf("factor %g: %v, want %v", factor, got, want)
		}
	}
	if got := Patient(t.Context(), time.Second); got != time.Second {
		t.Errorf("a context without patience: %v, want the limit itself", got)
	}
}
