// Package network measures the network between two hosts while nothing else is on it (SCN-4).
package network

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/topology"
)

// Instrument measures with messages of growing size, before the load.
type Instrument struct {
	instrument.Idle
	Each time.Duration // how long each batch takes
}

// Name implements instrument.Instrument.
func (Instrument) Name() string { return "network" }

// Needs are the two hosts.
func (Instrument) Needs() []topology.Need {
	return []topology.Need{
		topology.OnHost(topology.HostEcho), {Power: topology.PowerShell, Over: []chaos.Target{topology.HostGenerator}},
	}
}

// Before lets the generator measure the way to its partner.
func (i Instrument) Before(ctx context.Context, a instrument.Arm) error {
	batches, err := i.measure(ctx, a.System)
	if err != nil {
		return fmt.Errorf("measure the network: %w", err)
	}
	return history.NetworkEvidence.Write(a.Out, batches)
}

func (i Instrument) measure(ctx context.Context, s topology.System) ([]history.NetworkBatch, error) {
	shell, err := topology.ShellOf(s)
	if err != nil {
		return nil, err
	}
	echo, err := topology.HostOf(s, topology.HostEcho)
	if err != nil {
		return nil, err
	}
	told, err := shell.Tell(ctx, topology.HostGenerator,
		"oalab", "pingpong", net.JoinHostPort(echo.Addr().String(), topology.PortEcho), "--for", i.Each.String())
	if err != nil {
		return nil, err
	}
	var batches []history.NetworkBatch
	if err := json.Unmarshal([]byte(told), &batches); err != nil {
		return nil, fmt.Errorf("oalab pingpong said %q: %w", told, err)
	}
	return batches, nil
}
