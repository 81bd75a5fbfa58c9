package runner

import (
	"context"
	"net/http"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// invite makes the party of an arm whose operations are calls at the red packets. Its followers
// log in before the load.
func (x *arm) invite(ctx context.Context, sys topology.System, conns http.RoundTripper) error {
	login, servers, err := doors(sys)
	if err != nil {
		return err
	}
	x.party, err = workload.NewParty(workload.PartyConfig{
		Plan: x.plan, Conns: conns, Base: login.LoginBase(), Servers: servers, Account: sys.Account().Name, Limit: chaos.Patient(ctx, workload.GetLimit),
	})
	if err != nil {
		return err
	}
	x.live.enter("log in")
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, beforeTimeout))
	defer cancel()
	return x.party.Enter(ctx)
}

// keepCalls writes the evidence of an arm whose operations are calls at the red packets.
func (x *arm) keepCalls() error {
	if x.party == nil {
		return nil
	}
	return history.GrabEvidence.Write(x.out, x.party.Calls())
}
