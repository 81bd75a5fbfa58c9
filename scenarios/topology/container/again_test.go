package container

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"
)

// TestAgain: a pause that the runtime gave up is asked for again, and not without end.
func TestAgain(t *testing.T) {
	for _, tc := range []struct {
		name     string
		refused  int
		patience time.Duration
		tries    int
		done     bool
	}{
		{"at once", 0, time.Minute, 1, true},
		{"escaped twice", 2, time.Minute, 3, true},
		{"escapes always", 1000, time.Minute, pauseTries, false},
		{"no more time", 1000, 250 * time.Millisecond, 3, false},
	} {
		t.Run(tc.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				ctx, cancel := context.WithTimeout(t.Context(), tc.patience)
				defer cancel()
				tries, escaped := 0, errors.New("unable to freeze")
				err := again(ctx, func() error {
					if tries++; tries <= tc.refused {
						return escaped
					}
					return nil
				})
				if tries != tc.tries || (err == nil) != tc.done || !tc.done && !errors.Is(err, escaped) {
					t.Errorf("%d tries, error %v; want %d tries, done: %t", tries, err, tc.tries, tc.done)
				}
			})
		})
	}
}
