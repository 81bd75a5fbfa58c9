// Package topology brings up the system that a scenario runs against, and knows
// where each component and link of it is. The embedded topology is one machine
// without containers: the servers as child processes on SQLite, the mocks and the
// proxies in the harness's own process. In the docker topology each host is a
// container of its own; only the mocks stay in the harness's process.
package topology

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/chaos/upstream"
	"oalab/mockwechat"
	"oalab/scenarios/history"
)

// The names of the topologies (docs/contracts.md).
const (
	Embedded = "embedded"
	Docker   = "docker"
)

// The links that have a proxy in them.
const (
	LinkCarrier chaos.Target = "oaserver-mockcarrier"
	LinkRedis   chaos.Target = "oaserver-redis"
)

// Spec describes the parts of a system, on every topology.
type Spec struct {
	Oaserver string // path of the server's binary
	Oalab    string // path of the harness's own binary; needed with Layout.Generator
	LogDir   string // the programs' output goes to files in it
	// Ledgers of the mocks.
	WeChatLedger, CarrierLedger string
	// DatabaseLedger gets what is read from a pair of masters.
	DatabaseLedger string
	Seed           uint64
	Account        mockwechat.Account
	SeedFile       func(io.Writer) error // what `oaserver seed` loads
	Defects        []string
	CarrierNoDedup bool
	TokenAPI       string // the server's wechat.token_api
	Layout         Layout // of the docker topology
	// Servers is how many servers the embedded topology has; 0 means 1.
	Servers int
	// LoginServers is how many servers of the role oauth the topology has beside the others.
	LoginServers int
	// Packets gives the login servers the role of the red packets too; nil does not.
	Packets *Packets
	// Control are the control nodes beside the servers; nil: there are none.
	Control *Control
	Logger  *slog.Logger
	// Keep leaves a docker topology when this process ends.
	Keep bool
	// Progress gets the name of each stage that takes long; nil means that stages are not
	// reported.
	Progress func(stage string)
}

// Node is one server of the system.
type Node struct {
	Name string // as its target
	URL  string // base URL, without a slash at the end
}

// System is a running topology, as scenarios, faults and probes see it.
type System interface {
	// Nodes are the servers, in the order of their names.
	Nodes() []Node
	// Lacks is nil if the system meets a need. It is the answer that function Lacks gave
	// before the start.
	Lacks(n Need) error
	// Host controls the host or process that is the target. One that the topology
	// does not have is an error at every step.
	Host(target chaos.Target) host.Controller
	// Proxies are the links that a schedule may break.
	Proxies() *network.Proxies
	// CarrierRules and PlatformRules make the mocks misbehave.
	CarrierRules() *upstream.Controller
	PlatformRules() *upstream.Controller
	// Platform is the mock WeChat platform, which pushes the messages.
	Platform() *mockwechat.Platform
	// Account is the official account under test.
	Account() mockwechat.Account
	// Observe records the observations that only this topology has, such as the host that
	// has the virtual IP, dated after base. It returns nil when ctx ends.
	Observe(ctx context.Context, base time.Time, record func(history.Sample) error) error
	// Update loads a seed file into the database of the running servers, as an operator
	// does. After an error it may have been stored or not. One at a time.
	Update(ctx context.Context, seed []byte) error
	// Versions are those of the programs that the topology brought along.
	Versions() map[string]string
	// Stop ends everything the topology started, within the context's bound.
	Stop(ctx context.Context) error
}

// Start brings a system of the named topology up and returns when it is ready. After an
// error it stops all that it had started.
func Start(ctx context.Context, name string, spec Spec) (System, error) {
	switch name {
	case Embedded:
		return startEmbedded(ctx, spec)
	case Docker:
		return startDocker(ctx, spec)
	}
	return nil, fmt.Errorf("there is no topology %q", name)
}

// noHost is the controller of a host that the topology does not have. Each of its steps is
// an error.
type noHost struct{ err error }

func missing(topology string, target chaos.Target) noHost {
	return noHost{fmt.Errorf("topology %s has no host %s", topology, target)}
}

func (n noHost) Kill(context.Context) error          { return n.err }
func (n noHost) Stop(context.Context) error          { return n.err }
func (n noHost) Freeze(context.Context) error        { return n.err }
func (n noHost) Thaw(context.Context) error          { return n.err }
func (n noHost) Start(context.Context) error         { return n.err }
func (n noHost) Ready(context.Context) error         { return n.err }
func (n noHost) Alive(context.Context) (bool, error) { return false, n.err }

func (s Spec) say(stage string) {
	if s.Progress != nil {
		s.Progress(stage)
	}
}
