package callback

import (
	"strconv"
	"testing"
	"time"
)

func TestRecent(t *testing.T) {
	t.Parallel()
	var r recent
	start := time.Unix(1_700_000_000, 0)
	for i, step := range []struct {
		key  string
		at   time.Duration
		want bool
	}{
		{"a", 0, false},
		{"a", 5 * time.Second, true},
		{"b", 19 * time.Second, false},
		{"a", 10 * time.Second, true},
		{"c", 25 * time.Second, false}, // begins the next generation
		{"b", 29 * time.Second, true},  // found in the one before
		{"b", 60 * time.Second, true},  // and remembered by the younger since
		{"c", 200 * time.Second, false},
	} {
		if got := r.again(step.key, start.Add(step.at)); got != step.want {
			t.Errorf("step %d: %v, want %v", i, got, step.want)
		}
	}
}

func TestRecentIsBounded(t *testing.T) {
	t.Parallel()
	var r recent
	now := time.Unix(1_700_000_000, 0)
	for i := range 3 * recentMax {
		if r.again(strconv.Itoa(i), now) {
			t.Fatalf("key %d came before", i)
		}
	}
	if n := len(r.younger) + len(r.older); n > 2*recentMax {
		t.Errorf("%d keys are held", n)
	}
	if !r.again(strconv.Itoa(3*recentMax-1), now) {
		t.Error("the latest key is forgotten")
	}
}
