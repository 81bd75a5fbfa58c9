package check

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"oalab/scenarios/history"
)

// pair writes the history of an arm in front of whose servers two load balancers
// share a virtual IP: every blow takes the address from lb1 and gives it back.
type pair struct {
	*lab
	rate   float64 // operations a second
	rng    *rand.Rand
	silent []span // when nobody answers at the virtual IP
	second []span // when lb2 has it
}

type span struct{ from, to float64 }

func (s span) has(at float64) bool { return at >= s.from && at < s.to }

func anyHas(spans []span, at float64) bool {
	return slices.ContainsFunc(spans, func(s span) bool { return s.has(at) })
}

// newPair is a pair that stands still for so many seconds.
func newPair(seconds, rate float64) *pair {
	p := &pair{lab: newLab(), rate: rate, rng: rand.New(rand.NewPCG(7, uint64(seconds)))}
	p.Record.Load.DurationS = seconds
	p.word(history.ProbeAddress, "lb1", -0.5, 1)
	p.word(history.ProbeAddress, "lb2", -0.5, 0)
	p.word(history.ProbeVRRP, "lb1", -0.5, history.VRRPMaster)
	p.word(history.ProbeVRRP, "lb2", -0.5, history.VRRPBackup)
	return p
}

func (p *pair) word(probe, name string, at, value float64) {
	p.Samples = append(p.Samples, history.Sample{AtS: at, Probe: probe, Name: name, Value: value})
}

// blow lets a fault hit lb1 at a moment for so many seconds: nobody answers for
// outage seconds, then lb2 does, until lb1 takes the address home after the window.
func (p *pair) blow(fault string, at, length, outage float64) {
	over, to := at+outage, at+length
	home := to + 0.35
	w := history.Window{
		Fault: fault, Arm: p.Name, Target: "lb1", PlannedFromS: at, PlannedToS: to, FromS: at + 0.12, ToS: to, HealedS: to + 0.3,
	}
	address := func(host string, at, value float64) { p.word(history.ProbeAddress, host, at, value) }
	vrrp := func(host string, at, value float64) { p.word(history.ProbeVRRP, host, at, value) }
	vrrp("lb2", over-0.010, history.VRRPMaster)
	address("lb2", over-0.008, 1)
	switch fault {
	case history.FaultKillNginx:
		address("lb1", over-0.030, 0)
		vrrp("lb1", over-0.031, history.VRRPFault)
	case history.FaultKillHost:
		address("lb1", at+0.150, 0)
	case history.FaultStopHost:
		address("lb1", at+0.004, 0)
		vrrp("lb1", at+0.003, history.VRRPStopped)
	case history.FaultFreezeHost:
		home = to + 0.04
		w.HealedS = to + 0.01
	}
	if fault == history.FaultCutHost {
		address("lb1", to-0.05, 0) // it is started anew to be connected again
	}
	if fault != history.FaultFreezeHost {
		address("lb1", home-0.02, 1)
		vrrp("lb1", home-0.022, history.VRRPMaster)
	}
	address("lb2", home, 0)
	vrrp("lb2", home, history.VRRPBackup)
	p.Record.Windows = append(p.Record.Windows, w)
	p.silent = append(p.silent, span{at, over})
	p.second = append(p.second, span{over, home})
}

// end writes the probes and the load over everything that was said, and returns the arm.
func (p *pair) end() *history.Arm {
	seconds := p.Record.Load.DurationS
	for i := range int(seconds / history.VIPEveryS) {
		at := math.Round(float64(i)*1000*history.VIPEveryS) / 1000
		if anyHas(p.silent, at) {
			p.Samples = append(p.Samples, history.Sample{AtS: at, Probe: history.ProbeVIP, Error: "no answer within 200 ms"})
			continue
		}
		node := 1.0
		if anyHas(p.second, at) {
			node = 2
		}
		p.word(history.ProbeVIP, history.SeriesNode, at, node)
	}
	for i := range int(seconds * p.rate) {
		due := math.Round(1e4*(float64(i)+0.3)/p.rate) / 1e4
		switch {
		case !anyHas(p.silent, due):
			try := okTry("<xml>a</xml>")
			try.TookS = 0.004
			p.send(history.KindText, due, try)
		case p.rng.Float64() < 0.5: // its first packet is sent again after a second
			late := okTry("<xml>a</xml>")
			late.TookS = 1.02
			p.send(history.KindText, due, late)
		default:
			p.send(history.KindText, due, timedOutTry(), okTry("<xml>a</xml>"))
		}
	}
	for _, h := range []string{"lb1", "lb2"} {
		for _, probe := range []string{history.ProbeAddress, history.ProbeVRRP} {
			for _, of := range Holdings(p.Samples, probe) {
				if of.Host == h {
					p.word(probe, h, seconds, of.At(seconds))
				}
			}
		}
	}
	// A request that nobody answers is written down when it is given up.
	written := func(s history.Sample) float64 {
		if s.Probe == history.ProbeVIP && s.Error != "" {
			return s.AtS + history.VIPLimitS
		}
		return s.AtS
	}
	slices.SortStableFunc(p.Samples, func(x, y history.Sample) int { return cmp.Compare(written(x), written(y)) })
	seal(p.Arm)
	return p.Arm
}

// upstreams writes the counts of three app servers every 100 ms: each gets its even
// share but for the stretch in which app2 gets nothing.
func (l *lab) upstreams(seconds, perS float64, without span) {
	counts := map[string]float64{}
	for i := range int(seconds*10) + 1 {
		at := float64(i) / 10
		for _, name := range []string{"app1", "app2", "app3"} {
			l.Samples = append(l.Samples, history.Sample{AtS: at, Probe: history.ProbeUpstream, Name: name, Value: math.Floor(counts[name])})
			switch out := without.has(at); {
			case !out:
				counts[name] += perS / 30
			case name != "app2":
				counts[name] += perS / 20
			}
		}
	}
}
