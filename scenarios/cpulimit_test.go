package scenarios_test

import (
	"math"
	"testing"

	"oalab/scenarios"
)

func TestChooseLimit(t *testing.T) {
	// 1000 messages in 1 s on two processors: 0.1 ms on app servers, 0.2 ms elsewhere, and
	// 0.1 s of what goes on without load.
	measured := scenarios.Usage{Messages: 1000, Apps: 4, Cores: 2, IdleS: 0.1, AppS: 0.1, MachineS: 0.4, TimeS: 2}
	l := scenarios.ChooseLimit(measured, 0.5)
	if math.Abs(l.AppS-1e-4) > 1e-12 || math.Abs(l.RestS-2e-4) > 1e-12 || math.Abs(l.CPUs-0.9/4/3) > 1e-12 {
		t.Errorf("%+v, want 0.1 ms, 0.2 ms and a limit of %g", l, 0.9/4/3)
	}
	if used := l.IdleS + 4*l.CPUs*(1+l.RestS/l.AppS); math.Abs(used-1) > 1e-9 {
		t.Errorf("with four at their limit %g processors are busy, want half of two", used)
	}
	for name, u := range map[string]scenarios.Usage{
		"nothing measured": {Apps: 4, Cores: 2},
		"no room":          {Messages: 1000, Apps: 4, Cores: 2, IdleS: 1.9, AppS: 0.1, MachineS: 2, TimeS: 2},
	} {
		if got := scenarios.ChooseLimit(u, 0.5); got.CPUs != 0.05 {
			t.Errorf("%s: %+v, want the least limit", name, got)
		}
	}
	if got := scenarios.ChooseLimit(scenarios.Usage{Messages: 1, Apps: 1, Cores: 64, AppS: 1, MachineS: 1, TimeS: 64}, 0.5); got.CPUs != 0.5 {
		t.Errorf("%+v, want the highest limit", got)
	}
}
