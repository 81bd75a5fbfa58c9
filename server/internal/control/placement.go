package control

import (
	"slices"

	"oalab/server/controlclient"
	"oalab/server/internal/config"
)

// Placement says which control nodes there are, the same on all servers.
type Placement struct {
	// Self is the name of this control node; empty on other servers.
	Self string `yaml:"self"`
	// Version of the list of nodes rises with each change: of two lists the higher one counts.
	Version int `yaml:"version"`
	// Nodes are the control nodes. Without any, each control node has every account.
	Nodes []controlclient.Member `yaml:"nodes"`
	// App is the name by which an app server asks the nodes for tokens and tickets, in place of
	// the platform. Empty means that it keeps them itself. Role control always does.
	App string `yaml:"app"`
	// Secret is what the app signs with; api.apps of the nodes has it, too.
	Secret config.Secret `yaml:"secret"`
}

// Members is the list of nodes.
func (p Placement) Members() controlclient.Members {
	return controlclient.Members{Version: int64(p.Version), Nodes: p.Nodes}
}

// Validate adds what is wrong with the settings, each under its key.
func (p Placement) Validate(f *config.Faults) {
	if err := p.Members().Check(); err != nil {
		f.Add("control.nodes", "%v", err)
	}
	if p.Self != "" && !slices.ContainsFunc(p.Nodes, func(n controlclient.Member) bool { return n.Name == p.Self }) {
		f.Add("control.self", "%q is the name of no node of control.nodes", p.Self)
	}
	if p.App == "" {
		return
	}
	if len(p.Nodes) == 0 {
		f.Add("control.app", "is set without control.nodes")
	}
	if p.Secret == "" {
		f.Add("control.secret", "must be set for app %s", p.App)
	}
}
