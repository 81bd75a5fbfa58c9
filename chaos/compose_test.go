package chaos

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestAtLeast: a fault that takes effect late is in effect for its whole length.
func TestAtLeast(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newScripted("slow")
		s.on["effect"] = after(700 * time.Millisecond)
		in := NewInjector(Schedule{{Fault: AtLeast(s, time.Second), At: time.Second, For: time.Second}}, Options{})
		windows, err := in.Run(t.Context(), time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if got := windows[0].To - windows[0].From; got != time.Second {
			t.Errorf("in effect for %v, want 1s", got)
		}
		if err := (Schedule{{Fault: AtLeast(s, time.Second), For: time.Second - 1}}).Validate(); err == nil {
			t.Error("a schedule with less than the length is valid")
		}
	})
}

// TestBeforeRecovery: the act comes once, before the first Recover, and its error does not
// keep the fault from being recovered.
func TestBeforeRecovery(t *testing.T) {
	for _, tc := range []struct {
		name string
		err  error
	}{{"done", nil}, {"failed", errPlanted}} {
		t.Run(tc.name, func(t *testing.T) {
			s := newScripted("f")
			f := BeforeRecovery(s, func(ctx context.Context) error { return errors.Join(s.step(ctx, "act"), tc.err) })
			if err := f.Inject(t.Context()); err != nil {
				t.Fatal(err)
			}
			for range 2 {
				if err := f.Recover(t.Context()); !errors.Is(err, tc.err) {
					t.Errorf("Recover returned %v, want %v", err, tc.err)
				}
			}
			if diff := cmp.Diff([]string{"inject", "act", "recover", "recover"}, s.steps()); diff != "" {
				t.Errorf("steps (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAfter: one fault comes the gap before the other, and both go.
func TestAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newScripted("first"), newScripted("second")
		f := After(first, 300*time.Millisecond, second)
		if f.Name() != "second" {
			t.Errorf("its name is %q, want that of the fault itself", f.Name())
		}
		if err := f.Inject(t.Context()); err != nil {
			t.Fatal(err)
		}
		if gap := second.journal[0].At - first.journal[0].At; gap != 300*time.Millisecond {
			t.Errorf("the gap was %v, want 300ms", gap)
		}
		second.on["recover"] = failing(1)
		if err := f.Recover(t.Context()); !errors.Is(err, errPlanted) {
			t.Errorf("Recover returned %v, want the planted error", err)
		}
		if diff := cmp.Diff([]string{"inject", "recover"}, first.steps()); diff != "" {
			t.Errorf("steps of the first (-want +got):\n%s", diff)
		}
	})
}

// TestAfterIsEnded: a context that ends in the gap ends the injection, and the fault itself
// never begins.
func TestAfterIsEnded(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		first, second := newScripted("first"), newScripted("second")
		ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
		defer cancel()
		if err := After(first, time.Hour, second).Inject(ctx); !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("Inject returned %v, want %v", err, context.DeadlineExceeded)
		}
		if n := len(second.steps()); n > 0 {
			t.Errorf("the fault itself took %d steps, want none", n)
		}
	})
}
