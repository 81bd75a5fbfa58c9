package runner

import (
	"context"
	"fmt"

	"oalab/chaos"
	"oalab/scenarios/instrument"
	"oalab/scenarios/instrument/drift"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
)

// standing are the instruments of every arm whose topology has the powers for them.
func standing() []instrument.Instrument { return []instrument.Instrument{drift.Instrument{}} }

// instruments are those of the arm, after the standing ones.
func (x *arm) instruments(sys topology.System) []instrument.Instrument {
	var list []instrument.Instrument
	for _, i := range standing() {
		able := true
		for _, n := range i.Needs() {
			able = able && sys.Lacks(n) == nil
		}
		if able {
			list = append(list, i)
		}
	}
	return append(list, x.arm.Setup.Instruments...)
}

// under is what an instrument measures.
func (x *arm) under(sys topology.System) instrument.Arm {
	return instrument.Arm{System: sys, Out: x.out, Record: &x.record}
}

// before measures while there is no load yet.
func (x *arm) before(ctx context.Context, sys topology.System) error {
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, beforeTimeout))
	defer cancel()
	x.live.enter("measure")
	for _, i := range x.instruments(sys) {
		if err := i.Before(ctx, x.under(sys)); err != nil {
			return fmt.Errorf("instrument %s: %w", i.Name(), err)
		}
	}
	return nil
}

// probes are what the instruments read while the load lasts.
func (x *arm) probes(ctx context.Context, sys topology.System) ([]probe.Probe, error) {
	var list []probe.Probe
	for _, i := range x.instruments(sys) {
		probes, err := i.Probes(ctx, x.under(sys))
		if err != nil {
			return nil, fmt.Errorf("instrument %s: %w", i.Name(), err)
		}
		list = append(list, probes...)
	}
	return list, nil
}

// after measures when all work is done. The system is still there also in an interrupted run.
func (x *arm) after(ctx context.Context, sys topology.System) {
	for _, i := range x.instruments(sys) {
		within, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, stepTimeout))
		if err := i.After(within, x.under(sys)); err != nil {
			x.problem("instrument %s: %v", i.Name(), err)
		}
		cancel()
	}
}
