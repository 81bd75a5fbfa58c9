package runner

import (
	"context"
	"fmt"

	"oalab/scenarios/history"
)

// study lets a scenario without load compute its evidence. An interrupted study has
// none. Therefore there is no run.
func (r *run) study(ctx context.Context) error {
	arm := r.o.Scenario.Arms[0].Name
	if err := r.o.Scenario.Study.Collect(ctx, r.folder, r.o.Seed, r.o.Size, r.say); err != nil {
		return fmt.Errorf("study %s: %w", r.o.Scenario.Name, err)
	}
	r.names = []string{arm}
	// All that a study does is fixed by seed and size.
	r.planned = []history.PlannedArm{{Arm: fmt.Sprintf("%s of seed %d, size %s", arm, r.o.Seed, r.o.Size)}}
	return nil
}
