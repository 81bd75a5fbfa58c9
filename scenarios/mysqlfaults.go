package scenarios

import (
	"context"
	"errors"
	"sync"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/predict"
	"oalab/scenarios/topology"
)

// masterPair is the part of a topology with two masters that faults of a master need.
type masterPair interface {
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

var errNoMasters = errors.New("the topology has no pair of masters")

// bothMasters returns the two masters of a system and the pair.
func bothMasters(s topology.System) (first, second powers, pair masterPair, err error) {
	first, errFirst := atHost(s, topology.HostMySQL1)
	second, errSecond := atHost(s, topology.HostMySQL2)
	pair, ok := s.(masterPair)
	err = errors.Join(errFirst, errSecond)
	if err == nil && !ok {
		err = errNoMasters
	}
	return first, second, pair, err
}

// A masterFault makes one fault of the master that is the home of the group core.
type masterFault func(at time.Duration) Fault

// masterDown is how long a master is gone.
const masterDown = 3 * time.Second

// onMaster places a fault of the first master. It is healed when both masters replicate
// from each other again and each group is at home. The tables of the survivor are read
// before that.
func onMaster(name string, at time.Duration, fall predict.Fall, make func(powers) chaos.Fault) Fault {
	return Fault{
		Name: name, At: at, For: masterDown, Target: topology.HostMySQL1, Jitter: 300 * time.Millisecond,
		Make: func(s topology.System) chaos.Fault {
			ctl, errHost := atHost(s, topology.HostMySQL1)
			p, ok := s.(masterPair)
			if errHost == nil && !ok {
				errHost = errNoMasters
			}
			if errHost != nil {
				return unsupported{chaos.Noop{As: name, On: topology.HostMySQL1}, errHost}
			}
			return atLeast{host.Until(&witnessed{Fault: make(ctl), pair: p}, "the masters replicate and are at home", p.MastersAtHome), masterDown}
		},
		Effect: judge.Effect{Fault: name, What: "take-overs of group core by the other master", Min: 1, Count: takenOver},
		Predict: func(l topology.Layout) ([]history.Prediction, error) {
			p, err := predict.WriteOutage(name, fall, writesOf(l))
			return []history.Prediction{p}, err
		},
	}
}

// writesOf are the settings of a layout that its outages of writing depend on.
func writesOf(l topology.Layout) predict.Writes {
	m := l.Masters.WithDefaults()
	w := predict.Writes{VRRP: m.VRRP, AckS: m.AckTimeout.Seconds(), Unfenced: m.NoFence, PerS: float64(len(history.Groups())) / history.CanaryEveryS}
	if m.Async {
		w.AckS = 0
	}
	return w
}

// takenOver counts how often the second master got the address of the group core.
func takenOver(a *history.Arm, w history.Window) int {
	n := 0
	for _, s := range a.Samples {
		if s.Probe == history.ProbeHolds+"."+history.GroupCore && s.Name == string(topology.HostMySQL2) && s.Value == 1 &&
			s.AtS > max(w.PlannedFromS, w.BegunS) && s.AtS < w.ToS {
			n++
		}
	}
	return n
}

// witnessed is a fault that reads the survivor's tables before it is healed.
type witnessed struct {
	chaos.Fault
	pair masterPair
	once sync.Once
	err  error
}

// Recover reads once, however often it is called.
func (f *witnessed) Recover(ctx context.Context) error {
	f.once.Do(func() { f.err = f.pair.ReadMaster(ctx, history.ReadSurvivor, topology.HostMySQL2) })
	return errors.Join(f.err, f.Fault.Recover(ctx))
}

func killMaster(at time.Duration) Fault {
	return onMaster(history.FaultKillMaster, at, predict.Killed, func(p powers) chaos.Fault {
		return host.Kill(history.FaultKillMaster, topology.HostMySQL1, p)
	})
}

// killMasterLong keeps the master down until well after a take-over by slow adverts.
func killMasterLong(at time.Duration) Fault {
	f := killMaster(at)
	f.For = 2 * masterDown
	return f
}

func freezeMaster(at time.Duration) Fault {
	return onMaster(history.FaultFreezeMaster, at, predict.Halted, func(p powers) chaos.Fault {
		return host.Freeze(history.FaultFreezeMaster, topology.HostMySQL1, p)
	})
}

func cutMaster(at time.Duration) Fault {
	return onMaster(history.FaultCutMaster, at, predict.Cut, func(p powers) chaos.Fault {
		return host.Cut(history.FaultCutMaster, topology.HostMySQL1, p, host.Link{})
	})
}

// faultCutKill is cut-link, and kill-master while the link is cut.
const faultCutKill = "cut-kill"

// cutKill cuts the replication between the masters, and kills the first some time later.
func cutKill(gap time.Duration) masterFault {
	return func(at time.Duration) Fault {
		f := onMaster(faultCutKill, at, predict.Cut, func(p powers) chaos.Fault {
			link := ruled{Noop: chaos.Noop{As: faultCutKill, On: topology.HostMySQL1}, ctl: p, table: "oalab_link", rules: linkRules}
			return cutFirst{host.Kill(faultCutKill, topology.HostMySQL1, p), link, gap}
		})
		f.Predict = func(l topology.Layout) ([]history.Prediction, error) {
			w := writesOf(l)
			w.CutS = gap.Seconds()
			outage, err := predict.WriteOutage(faultCutKill, predict.Cut, w)
			w.PerS /= float64(len(history.Groups())) // the other group's home lives on
			loss, lossErr := predict.Loss(faultCutKill, w)
			return []history.Prediction{outage, loss}, errors.Join(err, lossErr)
		}
		return f
	}
}

// cutFirst is a kill with a cut of the replication before it, which ends with the host.
type cutFirst struct {
	chaos.Fault
	link ruled
	gap  time.Duration
}

// linkRules drop the packets of replication in both directions: the connections of either
// master to the other's port. All other packets between the two pass.
const linkRules = `table inet oalab_link {
	chain in { type filter hook input priority -10; ip saddr PARTNER tcp dport 3306 drop; ip saddr PARTNER tcp sport 3306 drop; }
	chain out { type filter hook output priority -10; ip daddr PARTNER tcp dport 3306 drop; ip daddr PARTNER tcp sport 3306 drop; }
}`

// Inject cuts, waits, kills.
func (f cutFirst) Inject(ctx context.Context) error {
	if err := f.link.Inject(ctx); err != nil {
		return err
	}
	wait := time.NewTimer(f.gap)
	defer wait.Stop()
	select {
	case <-wait.C:
	case <-ctx.Done():
		return ctx.Err()
	}
	return f.Fault.Inject(ctx)
}

// Recover starts the host, and joins the link again in case it never died.
func (f cutFirst) Recover(ctx context.Context) error {
	return errors.Join(f.Fault.Recover(ctx), f.link.Recover(ctx))
}
