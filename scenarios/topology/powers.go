package topology

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/history"
	"oalab/scenarios/probe"
)

// Power is what some topologies and layouts can do and others cannot. Scenarios name the
// powers that they need. Therefore a run on a system without them is refused before anything
// is started.
type Power string

// The powers. Over the whole system unless they say what over.
const (
	// PowerProcess: System.Host kills, stops and freezes a server or host.
	PowerProcess Power = "process"
	// PowerHost (HostOf): a host is cut off, limited, and acted on from inside.
	PowerHost Power = "host"
	// PowerLink: System.Proxies breaks a link.
	PowerLink Power = "link"
	// PowerShell (ShellOf): a command on a host tells something.
	PowerShell Power = "shell"
	// PowerAddress (AddressOf): two load balancers share a virtual IP.
	PowerAddress Power = "address"
	// PowerBalance (BalanceOf): load balancers choose among app servers.
	PowerBalance Power = "balance"
	// PowerMasters (MastersOf): there are two MySQL masters.
	PowerMasters Power = "masters"
	// PowerSentinels (SentinelsOf): Redis has a replica.
	PowerSentinels Power = "sentinels"
	// PowerRedis (RedisOf): the Redis that the servers share is cut off.
	PowerRedis Power = "redis"
	// PowerRedisData (RedisDataOf): it is slow, is flushed, and fails over to a replica.
	PowerRedisData Power = "redis-data"
	// PowerAlike (AlikeOf): there are hosts that are meant to be configured alike.
	PowerAlike Power = "alike"
	// PowerLogin (LoginOf): there are login servers.
	PowerLogin Power = "login"
	// PowerBooks (BooksOf): there are databases with the books of red packets.
	PowerBooks Power = "books"
	// PowerControl (ControlOf): there are control nodes.
	PowerControl Power = "control"
	// PowerCounters (CountersOf): the kernel's counters of each host are read.
	PowerCounters Power = "counters"
)

// Need is a power, and what it is needed over: hosts, or links. Without those it is needed
// over the whole system, or over every host or link that a fault finds there.
type Need struct {
	Power Power
	Over  []chaos.Target
}

// String names the power and what it is over.
func (n Need) String() string {
	if len(n.Over) == 0 {
		return string(n.Power)
	}
	names := make([]string, len(n.Over))
	for i, t := range n.Over {
		names[i] = string(t)
	}
	return fmt.Sprintf("%s over %s", n.Power, strings.Join(names, ", "))
}

// OnProcess needs servers or hosts that can be killed, stopped and frozen.
func OnProcess(over ...chaos.Target) Need { return Need{PowerProcess, over} }

// OnHost needs hosts of their own.
func OnHost(over ...chaos.Target) Need { return Need{PowerHost, over} }

// OnLink needs links with a proxy in them.
func OnLink(over ...chaos.Target) Need { return Need{PowerLink, over} }

// Host is a host of its own.
type Host interface {
	host.Cutter
	host.Insider
	host.Limiter
}

// Shell runs commands on hosts.
type Shell interface {
	// Tell runs a command on a host, as root, and returns what it prints, both streams as one.
	// An exit status other than 0 is an error with the last line.
	Tell(ctx context.Context, on chaos.Target, command ...string) (string, error)
}

// Address is a virtual IP that two load balancers share.
type Address interface {
	// AddressAt is nil if the virtual IP is answered by the given host now.
	AddressAt(ctx context.Context, lb chaos.Target) error
}

// Balance is load balancers before app servers.
type Balance interface {
	// Balance makes every load balancer use all app servers except those named, and returns
	// when their new processes serve.
	Balance(ctx context.Context, without ...chaos.Target) error
}

// MasterPair is two MySQL masters that replicate from each other.
type MasterPair interface {
	// MastersAtHome is nil if each master replicates from the other, and each group of
	// tables is answered by its home.
	MastersAtHome(ctx context.Context) error
	// ReadMaster records what a master holds now.
	ReadMaster(ctx context.Context, why string, host chaos.Target) error
	// Contest lets a writer beside each master write the same rows through the virtual
	// IP of the group core, and records which of them it acknowledged.
	Contest(ctx context.Context) error
	// Swap lets each of them change the same row at its own master.
	Swap(ctx context.Context) error
}

// Sentinels watch a Redis with a replica.
type Sentinels interface {
	// RedisAt is nil if the Sentinels take a host for the primary.
	RedisAt(ctx context.Context, primary chaos.Target) error
}

// Redis is the Redis that the servers share.
type Redis interface {
	// CutRedis is a fault that keeps the servers from it.
	CutRedis(name string) (chaos.Fault, error)
}

// RedisData is a Redis whose answers and data break. Each method makes a fault of it.
type RedisData interface {
	// SlowRedis lets it answer late: some requests within what the servers wait, others not.
	SlowRedis(name string) (chaos.Fault, error)
	// FlushRedis takes all that it has, at once. It takes new data all the while.
	FlushRedis(name string) (chaos.Fault, error)
	// FailOverRedis breaks the replication and, a while later, makes the replica the primary,
	// as an operator does who does not look. What the primary took meanwhile is lost.
	FailOverRedis(name string) (chaos.Fault, error)
}

// Alike is hosts that are meant to be configured alike.
type Alike interface {
	// Drift compares them now. If it cannot, its result says so.
	Drift(ctx context.Context) history.Drift
}

// Login is servers of the role oauth.
type Login interface {
	// LoginDoors is what takes the requests of browsers: the load balancer. Where there is none, it
	// is each server, and the caller stands in for one.
	LoginDoors() []Node
	// LoginBase is the address, without a slash at the end, under which browsers know them.
	LoginBase() string
}

// ControlNodes are servers of the role control.
type ControlNodes interface {
	// ControlNodes are where each of them is asked.
	ControlNodes() []ControlNode
	// ControlApp is the app that may read tokens, and its secret.
	ControlApp() (app, secret string)
}

// Counters are the kernel's.
type Counters interface {
	// Meter finds the counters of all hosts as they run now, for a probe of the name
	// history.ProbeHost.
	Meter(ctx context.Context) (probe.Func, error)
}

// HostOf returns a host of a running system.
func HostOf(s System, target chaos.Target) (Host, error) {
	need := OnHost(target)
	if err := s.Lacks(need); err != nil {
		return nil, err
	}
	return as[Host](s.Host(target), need)
}

// ShellOf returns the shell of a running system.
func ShellOf(s System) (Shell, error) { return power[Shell](s, PowerShell) }

// AddressOf returns the virtual IP of a running system.
func AddressOf(s System) (Address, error) { return power[Address](s, PowerAddress) }

// BalanceOf returns the load balancers of a running system.
func BalanceOf(s System) (Balance, error) { return power[Balance](s, PowerBalance) }

// MastersOf returns the masters of a running system.
func MastersOf(s System) (MasterPair, error) { return power[MasterPair](s, PowerMasters) }

// SentinelsOf returns the Sentinels of a running system.
func SentinelsOf(s System) (Sentinels, error) { return power[Sentinels](s, PowerSentinels) }

// RedisOf returns the Redis that the servers of a running system share.
func RedisOf(s System) (Redis, error) { return power[Redis](s, PowerRedis) }

// RedisDataOf returns the data of that Redis.
func RedisDataOf(s System) (RedisData, error) { return power[RedisData](s, PowerRedisData) }

// AlikeOf returns the hosts of a running system that are meant to be alike.
func AlikeOf(s System) (Alike, error) { return power[Alike](s, PowerAlike) }

// LoginOf returns the login servers of a running system.
func LoginOf(s System) (Login, error) { return power[Login](s, PowerLogin) }

// ControlOf returns the control nodes of a running system.
func ControlOf(s System) (ControlNodes, error) { return power[ControlNodes](s, PowerControl) }

// CountersOf returns the kernel's counters of a running system.
func CountersOf(s System) (Counters, error) { return power[Counters](s, PowerCounters) }

func power[T any](s System, p Power) (T, error) {
	need := Need{Power: p}
	if err := s.Lacks(need); err != nil {
		var none T
		return none, err
	}
	return as[T](s, need)
}

// as finds a power in what is meant to have it.
func as[T any](in any, n Need) (T, error) {
	p, ok := in.(T)
	if !ok {
		return p, fmt.Errorf("power %s is offered, but %T does not have it", n, in)
	}
	return p, nil
}

// offer is what a system can do: each power, with the hosts or links that it is over.
type offer struct {
	by     string // the topology
	powers map[Power][]chaos.Target
}

// lacks is nil if the offer meets a need.
func (o offer) lacks(n Need) error {
	over, ok := o.powers[n.Power]
	for _, t := range n.Over {
		ok = ok && slices.Contains(over, t)
	}
	if !ok {
		return fmt.Errorf("topology %s lacks power %s", o.by, n)
	}
	return nil
}

// Beside is what a topology has beside its layout.
type Beside struct {
	// Servers and Logins are how many servers and login servers Embedded has, Control how many
	// control nodes.
	Servers, Logins, Control int
	// Packets: there are red packets.
	Packets bool
}

// beside is what the spec asks for beside its layout.
func (s Spec) beside() Beside {
	b := Beside{Servers: s.Servers, Logins: s.LoginServers, Packets: s.Packets != nil}
	if s.Control != nil {
		b.Control = s.Control.Nodes
	}
	return b
}

// Lacks is nil if a topology meets a need once it is started with this layout, and what is beside it.
func Lacks(name string, l Layout, b Beside, n Need) error {
	switch name {
	case Embedded:
		return offerOfEmbedded(b).lacks(n)
	case Docker:
		return offerOfDocker(l, b.Logins, b.Packets).lacks(n)
	}
	return fmt.Errorf("there is no topology %q", name)
}

func offerOfEmbedded(b Beside) offer {
	processes := make([]chaos.Target, max(1, b.Servers))
	for i := range processes {
		processes[i] = chaos.Target(serverName(i))
	}
	for i := range b.Logins {
		processes = append(processes, LoginServer(i+1))
	}
	for i := range b.Control {
		processes = append(processes, ControlServer(i+1))
	}
	o := offer{Embedded, map[Power][]chaos.Target{PowerProcess: processes, PowerLink: {LinkCarrier, LinkRedis}, PowerRedis: nil, PowerRedisData: nil}}
	if b.Logins > 0 {
		o.powers[PowerLogin] = nil
	}
	if b.Control > 0 {
		o.powers[PowerControl] = nil
	}
	if b.Logins > 0 && b.Packets {
		o.powers[PowerBooks] = nil
	}
	return o
}

func offerOfDocker(l Layout, logins int, packets bool) offer {
	hosts := l.hosts()
	for i := range logins {
		hosts = append(hosts, LoginServer(i+1))
	}
	o := offer{Docker, map[Power][]chaos.Target{
		PowerProcess: hosts, PowerHost: hosts, PowerShell: hosts, PowerAddress: nil, PowerBalance: nil, PowerAlike: nil, PowerCounters: nil,
	}}
	if logins > 0 {
		o.powers[PowerLogin] = nil
	}
	if logins > 0 && packets && !l.Alone {
		o.powers[PowerBooks] = nil
	}
	if l.Masters != nil && !l.Alone {
		o.powers[PowerMasters] = nil
	}
	if !l.Alone && !l.Redundant { // Sentinels would replace one that is cut off
		o.powers[PowerRedis] = nil
	}
	if l.Redundant && !l.Alone {
		o.powers[PowerSentinels] = nil
	}
	return o
}

// hosts are all hosts of a docker topology.
func (l Layout) hosts() []chaos.Target {
	l = l.withDefaults()
	list := []chaos.Target{HostLB1, HostLB2}
	for n := range l.Apps {
		list = append(list, HostApp(n+1))
	}
	if !l.Alone {
		if l.Masters != nil {
			list = append(list, masterHosts...)
		} else {
			list = append(list, HostMySQL)
		}
		if l.Redundant {
			list = slices.Concat(list, redisHosts, []chaos.Target{HostSentinel}, brokerHosts)
		} else {
			list = append(list, HostRedis, HostRabbit)
		}
	}
	if l.Generator {
		list = append(list, HostGenerator)
		if l.Echo {
			list = append(list, HostEcho)
		}
	}
	return list
}
