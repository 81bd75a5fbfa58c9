package check

import (
	"strings"
	"testing"

	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestAddressSingle(t *testing.T) {
	address := func(p *lab.Pair, host string, at, value float64) { p.Word(history.ProbeAddress, host, at, value) }
	// late lets lb2 keep the address for half a second after lb1 is back.
	late := func(p *lab.Pair, fault string) {
		p.Blow(fault, 10, 3, 0.3)
		for i := range p.Samples {
			if s := &p.Samples[i]; s.Probe == history.ProbeAddress && s.AtS > 11 {
				s.AtS = map[string]float64{"lb1": 13, "lb2": 13.5}[s.Name]
			}
		}
	}
	for _, tt := range []struct {
		name   string
		c      AddressSingle
		build  func(*lab.Pair)
		change func(*history.Arm)
		want   history.Verdict
		detail string
	}{
		{"holds over every fault", AddressSingle{}, func(p *lab.Pair) {
			p.Blow(history.FaultKillHost, 3, 3, 0.25)
			p.Blow(history.FaultFreezeHost, 10, 3, 0.3)
			p.Blow(history.FaultKillNginx, 17, 3, 0.16)
			p.Blow(history.FaultStopHost, 24, 3, 0)
			p.Blow(history.FaultCutHost, 31, 3, 0.26)
		}, nil, history.Pass, "held the address together for 0.040 s from 13.000 s on"},
		{"a split brain", AddressSingle{}, func(p *lab.Pair) {
			p.Window(history.FaultSplitBrain, 10, 12)
			address(p, "lb2", 10.4, 1)
			address(p, "lb2", 12.1, 0)
		}, nil, history.Fail, "lb1 and lb2 held the address together for 1.700 s from 10.400 s on, meanwhile load balancer 1 answered 170 requests; 1 of 1"},
		{"two at once without any fault", AddressSingle{}, func(p *lab.Pair) { address(p, "lb2", 5, 1); address(p, "lb2", 5.2, 0) }, nil, history.Fail, "0.200 s"},
		{"within the tolerance", AddressSingle{ToleranceS: 0.3}, func(p *lab.Pair) { address(p, "lb2", 5, 1); address(p, "lb2", 5.2, 0) }, nil, history.Pass, "0 of 1"},
		{
			"two at once for a while on a slow machine",
			AddressSingle{},
			func(p *lab.Pair) { address(p, "lb2", 5, 1); address(p, "lb2", 5.5, 0) },
			func(a *history.Arm) { a.Record.SpeedFactor = 4 }, history.Pass, "0 of 1",
		},
		{"a split brain on a machine that hardly moves", AddressSingle{}, func(p *lab.Pair) {
			p.Window(history.FaultSplitBrain, 10, 12)
			address(p, "lb2", 10.4, 1)
			address(p, "lb2", 12.1, 0)
		}, func(a *history.Arm) { a.Record.SpeedFactor = 16 }, history.Fail, "1 of 1"},
		{"frozen for long, thawed for long", AddressSingle{}, func(p *lab.Pair) { late(p, history.FaultFreezeHost) }, nil, history.Fail, "0.500 s from 13.000 s on"},
		{"it hears of the other late", AddressSingle{RejoinS: 0.5}, func(p *lab.Pair) { late(p, history.FaultFreezeHost) }, nil, history.Pass, "0 of 1 double holdings"},
		{"it should have known", AddressSingle{RejoinS: 0.5}, func(p *lab.Pair) { late(p, history.FaultStopHost) }, nil, history.Fail, "together for"},
		{"no host has it", AddressSingle{}, func(p *lab.Pair) {
			address(p, "lb1", 5, 0)
			address(p, "lb1", 9, 1)
		}, nil, history.Pass, "never held by two at once"},
		{"it never moved", AddressSingle{}, func(*lab.Pair) {}, nil, history.Inconclusive, "the address moved 0 times, 1 wanted"},
		{"it need not move", AddressSingle{Quiet: true}, func(*lab.Pair) {}, nil, history.Pass, "0 hand-overs"},
		{"it moved too seldom", AddressSingle{HandOvers: 3}, func(p *lab.Pair) { p.Blow(history.FaultKillHost, 3, 3, 0.25) }, nil, history.Inconclusive, "moved 2 times, 3 wanted"},
		{"one host was not watched", AddressSingle{}, func(*lab.Pair) {}, func(a *history.Arm) { only(a, "lb1") }, history.Inconclusive, "watched on 1 hosts"},
		{"the watch ended early", AddressSingle{Quiet: true}, func(*lab.Pair) {}, func(a *history.Arm) { before(a, 30) }, history.Inconclusive, "last heard of at -0.500 s"},
		{"the watch began late", AddressSingle{Quiet: true}, func(*lab.Pair) {}, func(a *history.Arm) {
			for i := range a.Samples {
				a.Samples[i].AtS += 3
			}
		}, history.Inconclusive, "from 2.500 s on only"},
		{"the end is unknown", AddressSingle{Quiet: true}, func(*lab.Pair) {}, func(a *history.Arm) {
			a.Samples = append(a.Samples, history.Sample{AtS: 39.9, Probe: history.ProbeAddress, Name: "lb2", Error: "monitor ended"})
			before(a, 39.95)
			a.Samples = append(a.Samples, history.Sample{AtS: 40, Probe: history.ProbeAddress, Name: "lb1", Value: 1})
		}, history.Inconclusive, "it is not known what host lb2 held"},
		{"broken beats unknown", AddressSingle{}, func(p *lab.Pair) { address(p, "lb2", 5, 1) }, func(a *history.Arm) { before(a, 30) }, history.Inconclusive, "last heard"},
		{"broken beats few", AddressSingle{HandOvers: 9}, func(p *lab.Pair) { address(p, "lb2", 5, 1); address(p, "lb2", 5.2, 0) }, nil, history.Fail, "0.200 s"},
	} {
		p := lab.NewPair(40, 5)
		tt.build(p)
		arm := p.End()
		if tt.change != nil {
			tt.change(arm)
		}
		f := Ask(tt.c, arm)
		if f.Verdict != tt.want || !strings.Contains(f.Detail, tt.detail) {
			t.Errorf("%s: %s %q, want %s with %q", tt.name, f.Verdict, f.Detail, tt.want, tt.detail)
		}
	}
}

// only keeps the words of one host.
func only(a *history.Arm, host string) {
	kept := a.Samples[:0]
	for _, s := range a.Samples {
		if s.Probe != history.ProbeAddress || s.Name == host {
			kept = append(kept, s)
		}
	}
	a.Samples = kept
}

// before keeps what the probe of the address said before a moment.
func before(a *history.Arm, until float64) {
	kept := a.Samples[:0]
	for _, s := range a.Samples {
		if s.Probe != history.ProbeAddress || s.AtS < until {
			kept = append(kept, s)
		}
	}
	a.Samples = kept
}
