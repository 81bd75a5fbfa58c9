package scenarios

import (
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// packetMutants are the drills of the red packets (CHA-7). What brings a defect to light is a
// fault, packets that end, or packets that are divided at random. The gate in Redis may forget, so
// that the control arm has no follower who grabs again.
func packetMutants() []Scenario {
	const short, long = 4 * time.Second, 10 * time.Minute
	kind := workload.PacketKind{Units: 300, Shares: 3}
	equal := kind
	equal.Equal = true
	plain := workload.Packets{Grabbers: 500, Before: 30, Kinds: []workload.PacketKind{kind}, Lead: 100}
	again, left, even := plain, plain, plain
	again.Again = 0.7
	left.Left = 0.5
	even.Kinds = []workload.PacketKind{equal}
	conservation := check.Conservation{Grabbers: 500}
	return []Scenario{
		packetMutant(packetDrill{
			defect: "grab-not-unique", under: "redis-cut, with followers who grab again", faults: []Fault{redisCut(1500*time.Millisecond, 4*time.Second)},
			main: again, control: plain, checker: conservation,
		}),
		packetMutant(packetDrill{
			defect: "return-twice", under: "packets that end with a rest", life: short,
			main: left, control: left, checker: conservation,
		}),
		packetMutant(packetDrill{
			defect: "gate-allocates", under: "kill-login", faults: []Fault{killPackets(2 * time.Second)},
			main: plain, control: plain, checker: conservation,
		}),
		packetMutant(packetDrill{
			defect: "biased-allocator", under: "packets that are divided at random", perS: 800,
			main: plain, control: even, checker: check.Fairness{Allocator: packetAllocator, Min: 400},
		}),
	}
}

// packetDrill is the drill of one defect of the red packets.
type packetDrill struct {
	defect, under string
	faults        []Fault       // of the main arm
	life          time.Duration // of packets in the main arm; 0: they do not end
	perS          float64       // 0 means 300
	main, control workload.Packets
	checker       check.Checker
}

func packetMutant(d packetDrill) Scenario {
	setup := func(life time.Duration) Setup {
		s := packetSetup(life, packetAllocator)
		s.Defects = []string{d.defect}
		return s
	}
	load := func(l workload.Packets) func(Size) (Load, error) {
		return func(Size) (Load, error) {
			const length = 7
			perS := max(d.perS, 300)
			p, err := profile.Constant(perS, length*time.Second)
			return Load{
				Followers: l.Grabbers + 1500, Packets: &l, Profile: p, Drain: 20 * time.Second,
				Phases: []history.Phase{{Name: "steady", FromS: 0, ToS: length}},
			}, err
		}
	}
	main := Arm{
		Name: "main", Expect: judge.Violate(d.checker.Name()), Setup: setup(d.life), Load: load(d.main), Checkers: []check.Checker{d.checker},
	}
	if len(d.faults) > 0 {
		main.Faults = func(Size) []Fault { return d.faults }
	}
	return Scenario{
		Name:       "mutant-" + d.defect,
		Title:      "Red packets with the planted defect " + d.defect + " are found under " + d.under + ", and pass without",
		Source:     "CHA-7, SCN-15",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			main,
			{Name: "control", Control: true, Setup: setup(0), Load: load(d.control), Checkers: []check.Checker{d.checker}},
		},
	}
}

// killPackets kills the first server of the red packets and starts it again.
func killPackets(at time.Duration) Fault {
	target := topology.LoginServer(1)
	return Fault{
		Name: "kill-login", At: at, For: killFor, Jitter: phase, Target: target,
		Needs: []topology.Need{topology.OnProcess(target)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return host.Kill("kill-login", target, s.Host(target)), nil
		},
		Effect: judge.Effect{Fault: "kill-login", What: "calls that failed", Min: 5, Count: judge.PacketCallsFailed},
	}
}
