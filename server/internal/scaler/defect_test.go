//go:build defects

package scaler

import (
	"testing"

	"oalab/server/internal/defect"
)

// TestDefects plants each defect under what shows it.
func TestDefects(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		play func(w *world)
		want []string // nil: a change at each look
	}{
		// The take-over lands on the pool of an idle load balancer.
		DefectBackupShrinks: {takeOver, []string{"0: a b c d e f,backup", "20: a b,backup", "65: a b c d e,backup"}},
		DefectFlaps:         {hover, nil},
		// The dead server stays the only one of the pool.
		DefectBlind: {dieAndReturn, []string{"0: a b c d e", "20: a"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			inWorldWith(t, func(cfg Config) Config { return Plant(defect.Set{name}, cfg) }, func(w *world) {
				test.play(w)
				if test.want != nil {
					want(t, w, test.want...)
				} else if got := len(w.pool.told()); got < 10 {
					t.Errorf("the pool changes %d times, want at each look", got)
				}
			})
		})
	}
}
