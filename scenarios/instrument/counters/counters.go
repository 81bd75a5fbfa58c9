// Package counters reads what the kernel counts of each host and of the machine (SCN-5, SCN-7).
package counters

import (
	"context"
	"time"

	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
)

// Instrument reads the counters while the load lasts.
type Instrument struct {
	instrument.Idle
	Every time.Duration // between two readings
}

// Name implements instrument.Instrument.
func (Instrument) Name() string { return "counters" }

// Needs are the counters.
func (Instrument) Needs() []topology.Need { return []topology.Need{{Power: topology.PowerCounters}} }

// Probes is the one probe history.ProbeHost.
func (i Instrument) Probes(ctx context.Context, a instrument.Arm) ([]probe.Probe, error) {
	counters, err := topology.CountersOf(a.System)
	if err != nil {
		return nil, err
	}
	read, err := counters.Meter(ctx)
	if err != nil {
		return nil, err
	}
	return []probe.Probe{{Name: history.ProbeHost, Every: i.Every, Read: read}}, nil
}
