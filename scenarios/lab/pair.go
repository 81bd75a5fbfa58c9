package lab

import (
	"cmp"
	"math"
	"math/rand/v2"
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Pair writes the history of an arm in front of whose servers two load balancers
// share a virtual IP: every blow takes the address from lb1 and gives it back.
type Pair struct {
	*Lab
	Rate   float64 // operations a second
	rng    *rand.Rand
	Silent []Span // when no host answers at the virtual IP
	Second []Span // when lb2 has it
}

// Span is the stretch [From, To), in seconds.
type Span struct{ From, To float64 }

func (s Span) has(at float64) bool { return at >= s.From && at < s.To }

func anyHas(spans []Span, at float64) bool {
	return slices.ContainsFunc(spans, func(s Span) bool { return s.has(at) })
}

// NewPair is a pair that stands still for so many seconds.
func NewPair(seconds, rate float64) *Pair {
	p := &Pair{Lab: New(), Rate: rate, rng: rand.New(rand.NewPCG(7, uint64(seconds)))}
	p.Record.Load.DurationS = seconds
	p.Word(history.ProbeAddress, "lb1", -0.5, 1)
	p.Word(history.ProbeAddress, "lb2", -0.5, 0)
	p.Word(history.ProbeVRRP, "lb1", -0.5, history.VRRPMaster)
	p.Word(history.ProbeVRRP, "lb2", -0.5, history.VRRPBackup)
	return p
}

// Word writes one sample of a probe.
func (p *Pair) Word(probe, name string, at, value float64) {
	p.Samples = append(p.Samples, history.Sample{AtS: at, Probe: probe, Name: name, Value: value})
}

// Blow lets a fault hit lb1 at a moment for so many seconds: no host answers for
// outage seconds, then lb2 does, until lb1 takes the address home after the window.
func (p *Pair) Blow(fault string, at, length, outage float64) {
	over, to := at+outage, at+length
	home := to + 0.35
	w := history.Window{
		Fault: fault, Arm: p.Name, Target: "lb1", PlannedFromS: at, PlannedToS: to, FromS: at + 0.12, ToS: to, HealedS: to + 0.3,
	}
	address := func(host string, at, value float64) { p.Word(history.ProbeAddress, host, at, value) }
	vrrp := func(host string, at, value float64) { p.Word(history.ProbeVRRP, host, at, value) }
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
	p.Silent = append(p.Silent, Span{at, over})
	p.Second = append(p.Second, Span{over, home})
}

// End writes the probes and the load over everything that was said, and returns the arm.
func (p *Pair) End() *history.Arm {
	seconds := p.Record.Load.DurationS
	for i := range int(seconds / history.VIPEveryS) {
		at := math.Round(float64(i)*1000*history.VIPEveryS) / 1000
		if anyHas(p.Silent, at) {
			p.Samples = append(p.Samples, history.Sample{AtS: at, Probe: history.ProbeVIP, Error: "no answer within 200 ms"})
			continue
		}
		node := 1.0
		if anyHas(p.Second, at) {
			node = 2
		}
		p.Word(history.ProbeVIP, history.SeriesNode, at, node)
	}
	for i := range int(seconds * p.Rate) {
		due := math.Round(1e4*(float64(i)+0.3)/p.Rate) / 1e4
		switch {
		case !anyHas(p.Silent, due):
			try := OKTry("<xml>a</xml>")
			try.TookS = 0.004
			p.Send(history.KindText, due, try)
		case p.rng.Float64() < 0.5: // its first packet is sent again after a second
			late := OKTry("<xml>a</xml>")
			late.TookS = 1.02
			p.Send(history.KindText, due, late)
		default:
			p.Send(history.KindText, due, TimedOutTry(), OKTry("<xml>a</xml>"))
		}
	}
	for _, h := range []string{"lb1", "lb2"} {
		for _, probe := range []string{history.ProbeAddress, history.ProbeVRRP} {
			for _, of := range account.Holdings(p.Samples, probe) {
				if of.Host == h {
					p.Word(probe, h, seconds, of.At(seconds))
				}
			}
		}
	}
	// A request without an answer is written down when it is given up.
	written := func(s history.Sample) float64 {
		if s.Probe == history.ProbeVIP && s.Error != "" {
			return s.AtS + history.VIPLimitS
		}
		return s.AtS
	}
	slices.SortStableFunc(p.Samples, func(x, y history.Sample) int { return cmp.Compare(written(x), written(y)) })
	Seal(p.Arm)
	return p.Arm
}

// Upstreams writes the counts of three app servers every 100 ms: each gets its even
// share, except for the stretch in which app2 gets nothing.
func (l *Lab) Upstreams(seconds, perS float64, without Span) {
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
