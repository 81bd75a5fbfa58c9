package scenarios

import (
	"context"
	"errors"
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

// onLB1 places a fault of the load balancer that has the address. It is healed when
// the address is home again.
func onLB1(name string, at, length time.Duration, v predict.Settings, cause predict.Cause, make func(topology.Host) chaos.Fault) Fault {
	return Fault{
		Name: name, At: at, For: length, Target: topology.HostLB1, Cause: cause,
		// The fault may begin at any moment of several advert cycles, because the timers of
		// two hosts drift.
		Jitter: time.Duration(3 * v.AdvertS * float64(time.Second) / max(1, 3*v.AdvertS)),
		Needs:  []topology.Need{topology.OnHost(topology.HostLB1), {Power: topology.PowerAddress}},
		Make: func(s topology.System) (chaos.Fault, error) {
			lb, err := topology.HostOf(s, topology.HostLB1)
			if err != nil {
				return nil, err
			}
			return untilHome(s, make(lb), length)
		},
		Effect: judge.Effect{Fault: name, What: "answers of the other load balancer", Min: 10, Count: judge.AnsweredBy(2)},
	}
}

// untilHome makes a fault of the load balancers last for a length, and be healed only when
// the virtual IP is home.
func untilHome(s topology.System, f chaos.Fault, length time.Duration) (chaos.Fault, error) {
	vip, err := topology.AddressOf(s)
	if err != nil {
		return nil, err
	}
	home := func(ctx context.Context) error { return vip.AddressAt(ctx, topology.HostLB1) }
	return chaos.AtLeast(host.Until(f, "the virtual IP is home", home), length), nil
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
	return onLB1(history.FaultKillHost, at, downFor(v), v, predict.Silent, func(p topology.Host) chaos.Fault {
		return host.Kill(history.FaultKillHost, topology.HostLB1, p)
	})
}

func stopHost(at time.Duration, v predict.Settings) Fault {
	return onLB1(history.FaultStopHost, at, downFor(v), v, predict.Stopped, func(p topology.Host) chaos.Fault {
		return host.Stop(history.FaultStopHost, topology.HostLB1, p)
	})
}

func freezeHost(at time.Duration, v predict.Settings) Fault {
	return onLB1(history.FaultFreezeHost, at, downFor(v), v, predict.Silent, func(p topology.Host) chaos.Fault {
		return host.Freeze(history.FaultFreezeHost, topology.HostLB1, p)
	})
}

func cutHost(at time.Duration, v predict.Settings) Fault {
	return onLB1(history.FaultCutHost, at, downFor(v), v, predict.Silent, func(p topology.Host) chaos.Fault {
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
	f := onLB1(history.FaultKillNginx, at, downFor(v), v, predict.ServiceDies, func(p topology.Host) chaos.Fault {
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
	return onLB1(faultKillNginxForGood, at, downFor(v)+1500*time.Millisecond, v, predict.ServiceDiesForGood, func(p topology.Host) chaos.Fault {
		return host.Without(host.KillInside(faultKillNginxForGood, topology.HostLB1, p, processNginx, "sh", "-c",
			startNginx+"; pgrep -x keepalived >/dev/null || start-keepalived"), p, binaryNginx)
	})
}

// reloadNginx lets the working load balancer read its configuration again. No request may
// fail by it.
func reloadNginx(at time.Duration, v predict.Settings) Fault {
	f := onLB1(faultReload, at, time.Second, v, "", func(p topology.Host) chaos.Fault {
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
		Needs: []topology.Need{topology.OnHost(topology.HostLB1, topology.HostLB2), {Power: topology.PowerAddress}},
		Make: func(s topology.System) (chaos.Fault, error) {
			a, errA := topology.HostOf(s, topology.HostLB1)
			b, errB := topology.HostOf(s, topology.HostLB2)
			if err := errors.Join(errA, errB); err != nil {
				return nil, err
			}
			return untilHome(s, host.Split(history.FaultSplitBrain, topology.HostLB1+"-"+topology.HostLB2, a, b), splitFor)
		},
		Effect: judge.Effect{Fault: history.FaultSplitBrain, What: "answers of the other load balancer", Min: 5, Count: judge.AnsweredBy(2)},
	}
}
