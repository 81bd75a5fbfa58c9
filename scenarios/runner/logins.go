package runner

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// visitLimit is how long a browser waits for one page: longer than the server takes for the
// exchange of a code and what follows it.
const visitLimit = 15 * time.Second

// gather makes the crowd of an arm whose operations are visits.
func (x *arm) gather(ctx context.Context, sys topology.System, conns http.RoundTripper) error {
	login, servers, err := doors(sys)
	if err != nil {
		return err
	}
	x.crowd, err = workload.NewCrowd(workload.CrowdConfig{
		Plan: x.plan, Conns: conns, Base: login.LoginBase(), Servers: servers, Sticky: x.load.Logins.Sticky,
		Account: sys.Account().Name, Limit: chaos.Patient(ctx, visitLimit),
	})
	return err
}

// doors are the login servers, and the host and port of each.
func doors(sys topology.System) (login topology.Login, servers []string, err error) {
	if login, err = topology.LoginOf(sys); err != nil {
		return nil, nil, err
	}
	for _, n := range login.LoginDoors() {
		u, err := url.Parse(n.URL)
		if err != nil {
			return nil, nil, fmt.Errorf("address of the login at %s: %w", n.Name, err)
		}
		servers = append(servers, u.Host)
	}
	return login, servers, nil
}

// page is what the requests of the load are for; "": its operations are messages.
func (x *arm) page() string {
	switch {
	case x.load.Logins != nil:
		return workload.LoginPath(account(x.run.o.Seed).Name)
	case x.load.Packets != nil:
		return workload.PacketPath(account(x.run.o.Seed).Name)
	case x.load.TokenReads != nil:
		return workload.TokenPath
	}
	return x.load.Page
}

// keepVisits writes the evidence of an arm whose operations are visits.
func (x *arm) keepVisits() error {
	if x.crowd == nil {
		return nil
	}
	return history.LoginEvidence.Write(x.out, x.crowd.Visits())
}
