package topology

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"oalab/chaos/host"
)

// TestAgain: hosts that ended because a store was away are started again once it is back;
// anything else that goes wrong is told at once.
func TestAgain(t *testing.T) {
	ended := fmt.Errorf("app1: %w: exit status 1", host.ErrDown)
	broken := errors.New("no such image")
	for _, tc := range []struct {
		name        string
		errs        []error // of each try
		tries, wait int
		want        error
	}{
		{"at once", []error{nil}, 1, 0, nil},
		{"the second time", []error{ended, nil}, 2, 1, nil},
		{"never", []error{ended, ended, ended, ended}, 3, 2, host.ErrDown},
		{"broken", []error{broken, nil}, 1, 0, broken},
	} {
		tries, waits := 0, 0
		err := again(t.Context(), 3, func() error { tries++; return tc.errs[tries-1] }, func(context.Context) error { waits++; return nil })
		if !errors.Is(err, tc.want) || tries != tc.tries || waits != tc.wait {
			t.Errorf("%s: %d tries, %d waits, %v; want %d, %d, %v", tc.name, tries, waits, err, tc.tries, tc.wait, tc.want)
		}
	}
}
