// Package drift records whether hosts that must be configured alike still are (DIS-1).
package drift

import (
	"context"

	"oalab/scenarios/instrument"
	"oalab/scenarios/topology"
)

// Instrument compares the configurations after the load.
type Instrument struct{ instrument.Idle }

// Name implements instrument.Instrument.
func (Instrument) Name() string { return "drift" }

// Needs are hosts that are meant to be alike.
func (Instrument) Needs() []topology.Need { return []topology.Need{{Power: topology.PowerAlike}} }

// After enters the difference into the arm's record, or why it is not known.
func (Instrument) After(ctx context.Context, a instrument.Arm) error {
	alike, err := topology.AlikeOf(a.System)
	if err != nil {
		return err
	}
	drift := alike.Drift(ctx)
	a.Record.Drift = &drift
	return nil
}
