package series

import (
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Pools is the load of each load balancer and how many app servers it used. The zero
// value is that of an arm whose pools were not sized.
type Pools struct {
	Hosts   []PoolOver
	Scaling history.Scaling
}

// PoolOver is one load balancer over time.
type PoolOver struct {
	Host  string
	Looks []account.PoolLook
}

func pools(a *history.Arm) Pools {
	if a.Record.Scaling == nil {
		return Pools{}
	}
	p := Pools{Scaling: *a.Record.Scaling}
	for _, of := range account.Pools(a.Samples) {
		p.Hosts = append(p.Hosts, PoolOver{Host: of.Host, Looks: of.Looks})
	}
	return p
}
