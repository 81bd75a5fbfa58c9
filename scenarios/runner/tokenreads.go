package runner

import (
	"context"
	"fmt"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
	"oalab/server/controlclient"
)

const (
	// tokenReadLimit is how long a reader waits for one node, as the client of app servers does.
	tokenReadLimit = time.Second
	// tokenReadSpan bounds the reads in flight: a read that meets a node that is away takes long.
	tokenReadSpan = 5 * time.Second
)

// control are the control nodes that the arm asks for.
func (x *arm) control() *topology.Control {
	if x.arm.Setup.ControlNodes == 0 || x.load.TokenReads == nil {
		return nil
	}
	return &topology.Control{Nodes: x.arm.Setup.ControlNodes, Accounts: workload.TokenAccounts(x.load.TokenReads.Accounts)}
}

// controlNodes are those of a system; nil if it has none.
func controlNodes(sys topology.System) []topology.ControlNode {
	control, err := topology.ControlOf(sys)
	if err != nil {
		return nil
	}
	return control.ControlNodes()
}

// controlCounters are the metrics of control nodes that the judge may use.
func controlCounters() []string { return []string{"oalab_redis_errors_total"} }

// tokenReaders makes the readers of an arm whose operations are reads of tokens. They read each
// account once before the load.
func (x *arm) tokenReaders(ctx context.Context, sys topology.System) error {
	control, err := topology.ControlOf(sys)
	if err != nil {
		return err
	}
	var nodes []controlclient.Member
	for _, n := range control.ControlNodes() {
		nodes = append(nodes, controlclient.Member{Name: n.Name, Address: n.URL, GRPC: n.GRPC})
	}
	app, secret := control.ControlApp()
	x.readers, err = workload.NewReaders(workload.ReadersConfig{
		Plan: x.plan, Nodes: nodes, App: app, Secret: secret, Limit: chaos.Patient(ctx, tokenReadLimit),
	})
	if err != nil {
		return err
	}
	load := x.load.TokenReads
	age := max(0, load.Begin-chaos.Patient(ctx, load.Ready))
	issued := time.Now().Add(-age)
	if load.Begin > 0 {
		if err := sys.Platform().Backdate(age); err != nil {
			return fmt.Errorf("let the platform have issued the tokens: %w", err)
		}
	}
	x.live.enter("first reads")
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, beforeTimeout+load.Ready))
	defer cancel()
	if err := x.readers.Enter(ctx, workload.TokenAccounts(load.Accounts)); err != nil {
		return err
	}
	select {
	case <-time.After(time.Until(issued.Add(load.Begin))):
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// keepReads writes the evidence of an arm whose operations are reads of tokens, and ends its readers.
func (x *arm) keepReads() error {
	if x.readers == nil {
		return nil
	}
	x.readers.Close()
	return history.TokenReadEvidence.Write(x.out, x.readers.Reads())
}
