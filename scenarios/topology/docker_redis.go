package topology

import (
	"context"
	"fmt"
	"net/netip"
	"strings"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/topology/container"
)

// redisHost is the host of the Redis that the servers use first.
func (d *docker) redisHost() (chaos.Target, *container.Host) {
	if d.layout.Redundant {
		return HostRedis1, d.hosts[HostRedis1]
	}
	return HostRedis, d.hosts[HostRedis]
}

// CutRedis keeps its host and the app servers apart. The Sentinels, if there are any, still
// see it.
func (d *docker) CutRedis(name string) (chaos.Fault, error) {
	on, h := d.redisHost()
	var apps []netip.Addr
	for i := range d.layout.Apps {
		apps = append(apps, d.place(placeApp+i))
	}
	return host.Cut(name, on, h, host.Link{Peers: apps}), nil
}

// pauser is what makes a Redis slow, as its process is called inside the host.
const pauser = "redis-cli"

// SlowRedis lets it pause for longer than servers wait, several times a second. A Sentinel
// waits longer than that.
func (d *docker) SlowRedis(name string) (chaos.Fault, error) {
	on, h := d.redisHost()
	return paused{chaos.Noop{As: name, On: on}, h}, nil
}

type paused struct {
	chaos.Noop
	on *container.Host
}

// Inject leaves a client inside that asks for one pause after the other.
func (f paused) Inject(ctx context.Context) error {
	return f.on.Run(ctx, "sh", "-c", pauser+" -r 100000 -i 0.25 client pause 140 all </dev/null >/dev/null 2>&1 &")
}

// AwaitEffect is nil if the client runs.
func (f paused) AwaitEffect(ctx context.Context) error {
	return poll(ctx, "Redis pauses", func(ctx context.Context) error {
		pids, err := f.on.Pids(ctx, pauser)
		if err == nil && len(pids) == 0 {
			err = fmt.Errorf("no %s runs on %s", pauser, f.On)
		}
		return err
	})
}

// Recover ends the client. The last pause ends by itself.
func (f paused) Recover(ctx context.Context) error { return f.on.Signal(ctx, "KILL", pauser) }

// AwaitHealed is nil if Redis answers.
func (f paused) AwaitHealed(ctx context.Context) error {
	return poll(ctx, "Redis answers", f.on.Ready)
}

// FlushRedis takes all that it has.
func (d *docker) FlushRedis(name string) (chaos.Fault, error) {
	on, h := d.redisHost()
	return flushed{chaos.Noop{As: name, On: on}, func(ctx context.Context) error {
		return h.Run(ctx, "redis-cli", "flushall")
	}}, nil
}

// FailOverRedis parts the primary from its replica and then has a Sentinel promote that.
func (d *docker) FailOverRedis(name string) (chaos.Fault, error) {
	apart := host.Split(name, HostRedis1, d.hosts[HostRedis1], d.hosts[HostRedis2])
	promotion := promoted{chaos.Noop{As: name, On: HostRedis1}, d}
	return chaos.After(apart, unreplicated, promotion), nil
}

type promoted struct {
	chaos.Noop
	d *docker
}

// Inject asks the Sentinel that both hosts still hear.
func (f promoted) Inject(ctx context.Context) error {
	return f.d.hosts[HostSentinel].Run(ctx, "redis-cli", "-p", portSentinel, "sentinel", "failover", sentinelMaster)
}

// AwaitEffect is nil if the Sentinels take the replica for the primary.
func (f promoted) AwaitEffect(ctx context.Context) error {
	return poll(ctx, "the replica is promoted", func(ctx context.Context) error { return f.d.RedisAt(ctx, HostRedis2) })
}

// AwaitHealed is nil if the first primary follows the new one.
func (f promoted) AwaitHealed(ctx context.Context) error {
	return poll(ctx, "the first primary follows", func(ctx context.Context) error {
		state, err := askRedis(ctx, f.d.addr(placeRedis, portRedis), "INFO replication")
		if err == nil && !strings.Contains(state, "master_link_status:up") {
			err = fmt.Errorf("%s does not follow %s", HostRedis1, HostRedis2)
		}
		return err
	})
}
