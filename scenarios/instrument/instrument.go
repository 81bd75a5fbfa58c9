// Package instrument owns what is measured of a running system beside its load. Each instrument
// is a folder of its own. It writes evidence of its own kind (history.Extra), or fills a field of
// the arm's record; nothing is judged here.
package instrument

import (
	"context"

	"oalab/scenarios/history"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
)

// Instrument measures one thing of an arm's system. Its methods are called one after the other,
// each within a bound of the runner.
type Instrument interface {
	// Name is what it is called in messages and on the line of progress.
	Name() string
	// Needs are the powers that it asks of the topology.
	Needs() []topology.Need
	// Before measures the system while there is no load yet. An error ends the arm.
	Before(context.Context, Arm) error
	// Probes are what it reads at intervals while the load lasts. An error ends the arm.
	Probes(context.Context, Arm) ([]probe.Probe, error)
	// After measures the system when the load is over and all work is done, or the time for it.
	// An error is a problem of the run, which then decides nothing.
	After(context.Context, Arm) error
}

// Arm is what an instrument measures, and where its evidence goes.
type Arm struct {
	System topology.System
	Out    *history.ArmWriter
	Record *history.ArmRecord
}

// Idle measures nothing. An instrument embeds it for the steps that it does not take.
type Idle struct{}

// Needs are none.
func (Idle) Needs() []topology.Need { return nil }

// Before does nothing.
func (Idle) Before(context.Context, Arm) error { return nil }

// Probes are none.
func (Idle) Probes(context.Context, Arm) ([]probe.Probe, error) { return nil, nil }

// After does nothing.
func (Idle) After(context.Context, Arm) error { return nil }
