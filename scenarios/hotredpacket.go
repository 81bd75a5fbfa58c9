package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/instrument/packets"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// The packets of hot-redpacket.
const (
	hotGrabbers = 2000
	// packetAllocator is the product's default.
	packetAllocator = "simplex"
	// richDaily is what a sender has: the most that one packet may hold.
	richDaily = 10_000
	// packetLife lets packets end while the load lasts: those of the first seconds in its last ones.
	packetLife = 9 * time.Second
)

// hotKind is the packet that all want.
func hotKind() workload.PacketKind { return workload.PacketKind{Units: 5000, Shares: 500} }

// otherKinds are those of all others: most are of three shares, which need the fewest grabs for
// what their amounts tell; some are of few units, where rounding would show.
func otherKinds() []workload.PacketKind {
	large, small := workload.PacketKind{Units: 300, Shares: 3}, workload.PacketKind{Units: 5, Shares: 3}
	return []workload.PacketKind{large, large, large, small}
}

// HotRedpacket lets 2 000 followers grab one packet of 500 shares at full speed, and then hundreds
// of packets at once, while others are sent and end (SCN-15).
func HotRedpacket() Scenario {
	setup := packetSetup(packetLife, packetAllocator)
	return Scenario{
		Name:       "hot-redpacket",
		Title:      "Thousands of followers grab red packets at once: each packet has exactly its winners and its sum, and no unit is lost or made at any instant",
		Source:     "SCN-15, CAM-2 to CAM-6, REP-6; thesis 4.1.4",
		Topologies: []string{Embedded},
		Limits: append([]string{
			"A packet lives for seconds and not for a day, so that its end is met under load.",
		}, embeddedLimits...),
		Arms: []Arm{
			{
				Name: "main", Control: true, Setup: setup, Load: packetLoad(hotLoad()),
				Checkers: packetCheckers(),
				Objectives: []judge.Objective{
					{Figure: "winners_hot", Relation: "==", Limit: 500, MinN: hotGrabbers},
					{Figure: "shares_doubled", Relation: "==", Limit: 0, MinN: 1000},
					{Figure: "books_missing", Relation: "==", Limit: 0, MinN: 10},
					{Figure: "winner_told_p99_s", Relation: "<", Limit: 1, MinN: 1000},
				},
			},
		},
	}
}

func packetCheckers() []check.Checker {
	return []check.Checker{
		check.Conservation{Grabbers: 3000, SoldOut: 50, Returned: 20, Snapshots: 10},
		check.Fairness{Allocator: packetAllocator, Min: 300},
	}
}

// packetSetup is one server for browsers beside the one that does the jobs. Its sessions are in
// files, so that Redis is asked by the gate alone.
func packetSetup(life time.Duration, allocator string) Setup {
	return Setup{
		LoginServers: 1, Layout: topology.Layout{LocalSessions: true},
		Packets:     &topology.Packets{Allocator: allocator, Life: life, Daily: richDaily},
		Instruments: []instrument.Instrument{packets.Instrument{AwaitEnd: life > 0}},
	}
}

// hotLoad is the hot packet and those after it.
func hotLoad() workload.Packets {
	return workload.Packets{
		Hot: hotKind(), Grabbers: hotGrabbers, Before: 60, Kinds: otherKinds(), Lead: 300, Left: 0.1, Again: 0.1,
	}
}

// packetLoad is a second in which packets are sent, then the hot one at full speed, then all others.
func packetLoad(l workload.Packets) func(Size) (Load, error) {
	return func(size Size) (Load, error) {
		const warm, hot = 1.0, 1.0
		length := bySize(size, 6.0, 60.0)
		first, err := profile.Constant(float64(l.Before)/warm, time.Duration(warm*float64(time.Second)))
		if err != nil {
			return Load{}, err
		}
		burst, err := profile.Constant(float64(l.Grabbers)/hot, time.Duration(hot*float64(time.Second)))
		if err != nil {
			return Load{}, err
		}
		others, err := profile.Constant(packetsPerS, time.Duration(length*float64(time.Second)))
		if err != nil {
			return Load{}, err
		}
		whole, err := profile.Sequence(first, burst, others)
		return Load{
			Followers: l.Grabbers + bySize(size, 400, 3000), Packets: &l, Profile: whole, Drain: 20 * time.Second,
			Phases: []history.Phase{
				{Name: "sent", FromS: 0, ToS: warm},
				{Name: "hot", FromS: warm, ToS: warm + hot},
				{Name: "packets", FromS: warm + hot, ToS: warm + hot + length},
			},
		}, err
	}
}

// packetsPerS is the rate of the packets after the hot one.
const packetsPerS = 400.0
