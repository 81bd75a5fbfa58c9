package retention

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestPauseOfRetention: the lock of the retention is held in the pauses. A pause
// follows from the time that the database took, is at most a minute, and does not grow with
// the time that the count of the removed rows waited.
func TestPauseOfRetention(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ batch, told, want time.Duration }{
		"quick":            {0, 0, 20 * time.Millisecond},
		"slow database":    {time.Second, 0, 9 * time.Second},
		"count waits":      {0, time.Hour, 20 * time.Millisecond},
		"both":             {time.Second, time.Hour, 9 * time.Second},
		"frozen in batch":  {time.Hour, 0, time.Minute},
		"frozen for a day": {24 * time.Hour, 24 * time.Hour, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				var begun []time.Time
				err := inBatches(t.Context(), func(context.Context) (int, bool, error) {
					begun = append(begun, time.Now())
					time.Sleep(tt.batch)
					return 1, len(begun) < 3, nil
				}, func(int) { time.Sleep(tt.told) })
				if err != nil || len(begun) != 3 {
					t.Fatalf("%d batches, %v", len(begun), err)
				}
				for i := 1; i < len(begun); i++ {
					got := begun[i].Sub(begun[i-1]) - tt.batch - tt.told
					if diff := cmp.Diff(tt.want, got); diff != "" {
						t.Errorf("pause after batch %d: -want +got\n%s", i, diff)
					}
				}
			})
		})
	}
}
