package topology

import (
	"strings"
	"testing"
)

func TestProcessorTime(t *testing.T) {
	busy, all, err := processorTime("cpu  100 20 30 1000 50 6 7 8 0 0\ncpu0 1 2 3\n")
	if err != nil || busy != 1.71 || all != 12.21 {
		t.Errorf("%g of %g s busy, %v; want 1.71 of 12.21", busy, all, err)
	}
	for _, bad := range []string{"", "cpu 1 2 3", "intr 1 2 3 4 5 6 7 8 9", "cpu a b c d e f g h"} {
		if _, _, err := processorTime(bad); err == nil || !strings.Contains(err.Error(), "/proc/stat") {
			t.Errorf("%q: %v, want an error", bad, err)
		}
	}
	readings, err := machine()
	if err != nil || len(readings) != 3 || readings[0].Value <= 0 || readings[1].Value < readings[0].Value {
		t.Errorf("this machine: %+v, %v", readings, err)
	}
}
