package scenarios

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/predict"
	"oalab/scenarios/topology"
)

// Faults of the load balancers beyond those that history names.
const (
	faultKillNginxForGood = "kill-nginx-for-good"
	faultReload           = "reload-nginx"
)

// pair is the part of a topology that faults of load balancers need.
type pair interface {
	// AddressAt is nil if the virtual IP is answered by the given host now.
	AddressAt(ctx context.Context, lb chaos.Target) error
}

// powers are the actions that faults need on a host that is a container.
type powers interface {
	host.Cutter
	host.Insider
	host.Limiter
}

// atHost returns the powers over a host. Without a host, or without powers over it, the
// fault must be unsupported.
func atHost(s topology.System, target chaos.Target) (powers, error) {
	ctl := s.Host(target)
	p, ok := ctl.(powers)
	if !ok {
		return nil, fmt.Errorf("%s cannot be cut off or looked into: it is no host of topology %s", target, topology.Docker)
	}
	return p, nil
}

// unsupported is a fault that the topology cannot make. It fails at its injection.
type unsupported struct {
	chaos.Noop
	err error
}

// Inject returns the reason.
func (f unsupported) Inject(context.Context) error { return f.err }

// onLB1 places a fault of the load balancer that has the address. It is healed when
// the address is home again.
func onLB1(name string, at, length time.Duration, v predict.Settings, cause predict.Cause, make func(powers) chaos.Fault) Fault {
	return Fault{
		Name: name, At: at, For: length, Target: topology.HostLB1, Cause: cause,
		// The fault may begin at any moment of several advert cycles, because the timers of
		// two hosts drift.
		Jitter: time.Duration(3 * v.AdvertS * float64(time.Second) / max(1, 3*v.AdvertS)),
		Make: func(s topology.System) chaos.Fault {
			ctl, err := atHost(s, topology.HostLB1)
			if err != nil {
				return unsupported{chaos.Noop{As: name, On: topology.HostLB1}, err}
			}
			return atLeast{host.Until(make(ctl), "the virtual IP is home", func(ctx context.Context) error { return home(ctx, s) }), length}
		},
		Effect: judge.Effect{Fault: name, What: "answers of the other load balancer", Min: 10, Count: judge.AnsweredBy(2)},
	}
}

// atLeast keeps a fault in effect for at least its length, counted from when it took
// effect. On a busy machine a command inside a host needs a while to take effect.
type atLeast struct {
	chaos.Fault
	length time.Duration
}

// MinFor makes it a chaos.Lasting fault.
func (w atLeast) MinFor() time.Duration { return w.length }

var errNoPair = errors.New("the topology has no pair of load balancers")

// home is nil if the virtual IP is where it belongs.
func home(ctx context.Context, s topology.System) error {
	p, ok := s.(pair)
	if !ok {
		return errNoPair
	}
	return p.AddressAt(ctx, topology.HostLB1)
}

// downFor is how long a load balancer is down. With quick adverts it is the shortest kill,
// with slow adverts it lasts until well after the take-over.
func downFor(v predict.Settings) time.Duration {
	if v.AdvertS < 1 {
		return host.MinDown
	}
	return 4500 * time.Millisecond
}

func killHost(at time.Duration, v predict.Settings) Fault {
	return onLB1(history.FaultKillHost, at, downFor(v), v, predict.Silent, func(p powers) chaos.Fault {
		return host.Kill(history.FaultKillHost, topology.HostLB1, p)
	})
}

func stopHost(at time.Duration, v predict.Settings) Fault {
	return onLB1(history.FaultStopHost, at, downFor(v), v, predict.Stopped, func(p powers) chaos.Fault {
		return host.Stop(history.FaultStopHost, topology.HostLB1, p)
	})
}

func freezeHost(at time.Duration, v predict.Settings) Fault {
	return onLB1(history.FaultFreezeHost, at, downFor(v), v, predict.Silent, func(p powers) chaos.Fault {
		return host.Freeze(history.FaultFreezeHost, topology.HostLB1, p)
	})
}

func cutHost(at time.Duration, v predict.Settings) Fault {
	return onLB1(history.FaultCutHost, at, downFor(v), v, predict.Silent, func(p powers) chaos.Fault {
		return host.Cut(history.FaultCutHost, topology.HostLB1, p, host.Link{})
	})
}

// The programs of a load balancer's host, as docker/lb has them.
const (
	processNginx = "nginx"
	startNginx   = "start-nginx"
	binaryNginx  = "/usr/sbin/nginx"
)

// killNginx kills only Nginx; its host and Keepalived go on. The source's script starts
// Nginx again, and then the address stays.
func killNginx(at time.Duration, v predict.Settings) Fault {
	f := onLB1(history.FaultKillNginx, at, downFor(v), v, predict.ServiceDies, func(p powers) chaos.Fault {
		return host.KillInside(history.FaultKillNginx, topology.HostLB1, p, processNginx, startNginx)
	})
	if v.Check.RestartThenYield {
		f.Effect = judge.Effect{Fault: f.Name, What: "questions to the virtual IP without an answer", Min: 1, Count: judge.VIPFailed}
	}
	return f
}

// killNginxForGood kills Nginx so that it cannot be started again before the fault is
// healed.
func killNginxForGood(at time.Duration, v predict.Settings) Fault {
	return onLB1(faultKillNginxForGood, at, downFor(v)+1500*time.Millisecond, v, predict.ServiceDiesForGood, func(p powers) chaos.Fault {
		return broken{
			Fault: host.KillInside(faultKillNginxForGood, topology.HostLB1, p, processNginx, "sh", "-c",
				startNginx+"; pgrep -x keepalived >/dev/null || start-keepalived"),
			ctl: p,
		}
	})
}

// broken is a fault of Nginx that also takes its binary away.
type broken struct {
	chaos.Fault
	ctl host.Insider
}

// Inject takes the binary away before the process.
func (f broken) Inject(ctx context.Context) error {
	if err := f.ctl.Run(ctx, "mv", binaryNginx, binaryNginx+".away"); err != nil {
		return err
	}
	return f.Fault.Inject(ctx)
}

// Recover brings the binary back first.
func (f broken) Recover(ctx context.Context) error {
	back := fmt.Sprintf("[ ! -e %[1]s.away ] || mv %[1]s.away %[1]s", binaryNginx)
	if err := f.ctl.Run(ctx, "sh", "-c", back); err != nil {
		return err
	}
	return f.Fault.Recover(ctx)
}

// reloadNginx lets the working load balancer read its configuration again. No request may
// fail by it.
func reloadNginx(at time.Duration, v predict.Settings) Fault {
	f := onLB1(faultReload, at, time.Second, v, "", func(p powers) chaos.Fault {
		return host.Reload(faultReload, topology.HostLB1, p, processNginx, "nginx", "-s", "reload")
	})
	f.Effect = judge.Effect{Fault: faultReload, What: "sightings of new worker processes", Min: 1, Count: judge.Seen}
	return f
}

// splitFor is how long the two load balancers do not hear each other.
const splitFor = 3 * time.Second

// splitBrain cuts the two load balancers off from each other. All other hosts still reach
// both.
func splitBrain(at time.Duration) Fault {
	return Fault{
		Name: history.FaultSplitBrain, At: at, For: splitFor, Target: topology.HostLB1 + "-" + topology.HostLB2, Jitter: 300 * time.Millisecond,
		Make: func(s topology.System) chaos.Fault {
			a, errA := atHost(s, topology.HostLB1)
			b, errB := atHost(s, topology.HostLB2)
			if err := errors.Join(errA, errB); err != nil {
				return unsupported{chaos.Noop{As: history.FaultSplitBrain, On: topology.HostLB1}, err}
			}
			return atLeast{host.Until(host.Split(history.FaultSplitBrain, topology.HostLB1+"-"+topology.HostLB2, a, b),
				"the virtual IP is home", func(ctx context.Context) error { return home(ctx, s) }), splitFor}
		},
		Effect: judge.Effect{Fault: history.FaultSplitBrain, What: "answers of the other load balancer", Min: 5, Count: judge.AnsweredBy(2)},
	}
}
