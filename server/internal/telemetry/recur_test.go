package telemetry

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestRecur(t *testing.T) {
	t.Parallel()
	type event struct {
		at   time.Duration
		key  string
		want int // occurrences that are told; 0: not told
	}
	r, begin := NewRecur(10*time.Second), time.Unix(1_800_000_000, 0)
	var got, want []event
	for _, e := range []event{
		{0, "a", 1},
		{time.Second, "a", 0},
		{2 * time.Second, "b", 1},
		{9 * time.Second, "a", 0},
		{10 * time.Second, "a", 3},
		{11 * time.Second, "a", 0},
		{time.Hour, "b", 1},
		{time.Hour, "a", 2},
	} {
		want = append(want, e)
		times, tell := r.Tell(e.key, begin.Add(e.at))
		if !tell && times != 0 {
			t.Errorf("%v of %s is not told, and counts %d", e.at, e.key, times)
		}
		e.want = times
		got = append(got, e)
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(event{})); diff != "" {
		t.Errorf("told (-want +got):\n%s", diff)
	}
}
