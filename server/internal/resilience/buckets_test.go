package resilience_test

import (
	"testing"
	"testing/synctest"
	"time"

	"oalab/server/internal/resilience"
)

// TestBuckets: each key has its own tokens, which come back with the time.
func TestBuckets(t *testing.T) {
	t.Parallel()
	if _, err := resilience.NewBuckets(0); err == nil {
		t.Error("a limit of 0 was taken")
	}
	b, err := resilience.NewBuckets(3)
	if err != nil {
		t.Fatal(err)
	}
	synctest.Test(t, func(t *testing.T) {
		for range 3 {
			if wait := b.Take("a"); wait != 0 {
				t.Errorf("waits %v", wait)
			}
		}
		if wait := b.Take("a"); wait <= 0 || wait > 20*time.Second {
			t.Errorf("the fourth waits %v", wait)
		}
		if wait := b.Take("b"); wait != 0 {
			t.Errorf("another key waits %v", wait)
		}
		time.Sleep(20 * time.Second)
		if wait := b.Take("a"); wait != 0 {
			t.Errorf("after 20 s: waits %v", wait)
		}
	})
}
