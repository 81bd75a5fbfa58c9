package exit_test

import (
	"testing"

	"oalab/cmd/internal/exit"
)

func TestWorst(t *testing.T) {
	order := []int{exit.OK, exit.Inconclusive, exit.Failed, exit.Usage, exit.Interrupted}
	for i, low := range order {
		for _, high := range order[i:] {
			if got := exit.Worst(low, high); got != high {
				t.Errorf("Worst(%d, %d) = %d, want %d", low, high, got, high)
			}
			if got := exit.Worst(high, low); got != high {
				t.Errorf("Worst(%d, %d) = %d, want %d", high, low, got, high)
			}
		}
	}
}

func TestWorstKeepsAnUnknownStatus(t *testing.T) {
	if got := exit.Worst(exit.Failed, 7); got != 7 {
		t.Errorf("Worst(Failed, 7) = %d, want 7: an unknown status is an internal error", got)
	}
}
