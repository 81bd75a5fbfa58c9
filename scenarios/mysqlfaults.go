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

// needsMasters are the powers that a fault of the masters needs.
var needsMasters = []topology.Need{topology.OnHost(topology.HostMySQL1, topology.HostMySQL2), {Power: topology.PowerMasters}}

// bothMasters returns the two masters of a system and the pair.
func bothMasters(s topology.System) (first, second topology.Host, pair topology.MasterPair, err error) {
	first, errFirst := topology.HostOf(s, topology.HostMySQL1)
	second, errSecond := topology.HostOf(s, topology.HostMySQL2)
	pair, errPair := topology.MastersOf(s)
	return first, second, pair, errors.Join(errFirst, errSecond, errPair)
}

// A masterFault makes one fault of the master that is the home of the group core.
type masterFault func(at time.Duration) Fault

// masterDown is how long a master is gone.
const masterDown = 3 * time.Second

// onMaster places a fault of the first master. It is healed when both masters replicate
// from each other again and each group is at home. The tables of the survivor are read
// before that.
func onMaster(name string, at time.Duration, fall predict.Fall, make func(topology.Host) chaos.Fault) Fault {
	return Fault{
		Name: name, At: at, For: masterDown, Target: topology.HostMySQL1, Jitter: 300 * time.Millisecond,
		Needs: needsMasters,
		Make: func(s topology.System) (chaos.Fault, error) {
			first, _, pair, err := bothMasters(s)
			if err != nil {
				return nil, err
			}
			return chaos.AtLeast(witnessed(make(first), pair), masterDown), nil
		},
		Effect: judge.Effect{Fault: name, What: "take-overs of group core by the other master", Min: 1, Count: takenOver},
		Predict: func(l topology.Layout) ([]history.Prediction, error) {
			p, err := predict.WriteOutage(name, fall, writesOf(l))
			return []history.Prediction{p}, err
		},
	}
}

// witnessed is a fault of the first master that reads the survivor's tables before it is
// healed, and is healed when both masters replicate and are at home.
func witnessed(f chaos.Fault, pair topology.MasterPair) chaos.Fault {
	return host.Until(chaos.BeforeRecovery(f, func(ctx context.Context) error {
		return pair.ReadMaster(ctx, history.ReadSurvivor, topology.HostMySQL2)
	}), "the masters replicate and are at home", pair.MastersAtHome)
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

func killMaster(at time.Duration) Fault {
	return onMaster(history.FaultKillMaster, at, predict.Killed, func(p topology.Host) chaos.Fault {
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
	return onMaster(history.FaultFreezeMaster, at, predict.Halted, func(p topology.Host) chaos.Fault {
		return host.Freeze(history.FaultFreezeMaster, topology.HostMySQL1, p)
	})
}

func cutMaster(at time.Duration) Fault {
	return onMaster(history.FaultCutMaster, at, predict.Cut, func(p topology.Host) chaos.Fault {
		return host.Cut(history.FaultCutMaster, topology.HostMySQL1, p, host.Link{})
	})
}

// faultCutKill is cut-link, and kill-master while the link is cut.
const faultCutKill = "cut-kill"

// cutKill cuts the replication between the masters, and kills the first some time later.
func cutKill(gap time.Duration) masterFault {
	return func(at time.Duration) Fault {
		f := onMaster(faultCutKill, at, predict.Cut, func(p topology.Host) chaos.Fault {
			link := host.Rules(faultCutKill, topology.HostMySQL1, p, linkTable, linkRules)
			return chaos.After(link, gap, host.Kill(faultCutKill, topology.HostMySQL1, p))
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

// linkTable is the table of linkRules.
const linkTable = "oalab_link"

// linkRules drop the packets of replication in both directions: the connections of either
// master to the other's port. All other packets between the two pass.
const linkRules = `table inet oalab_link {
	chain in { type filter hook input priority -10; ip saddr PARTNER tcp dport 3306 drop; ip saddr PARTNER tcp sport 3306 drop; }
	chain out { type filter hook output priority -10; ip daddr PARTNER tcp dport 3306 drop; ip daddr PARTNER tcp sport 3306 drop; }
}`
