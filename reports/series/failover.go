package series

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Failover has the outages of a virtual IP in an arm. The zero value is that of an arm
// without a virtual IP.
type Failover struct {
	// Writes: the address is that of a group of tables, and its probe are the canary's
	// writes. Otherwise it is that of the load balancers.
	Writes bool
	Hosts  []string // in the order in which they number themselves
	Faults []FaultCycles
}

// FaultCycles are the cycles of one fault, in the order in which faults first came.
type FaultCycles struct {
	Fault      string
	Cycles     []account.Cycle
	Prediction *history.Prediction // nil: nothing was predicted
	Shown      Timeline            // of the cycle whose outage is the median
}

// Outages are the outages by the probe that are known, ascending, in seconds.
func (f FaultCycles) Outages() []float64 {
	var out []float64
	for _, c := range f.Cycles {
		if !math.IsNaN(c.ProbeS) {
			out = append(out, c.ProbeS)
		}
	}
	slices.Sort(out)
	return out
}

// Timeline is one cycle in detail: the hosts that had the address, the states of
// keepalived, the probe's requests, and the tries of clients. Moments are in seconds after
// its zero.
type Timeline struct {
	Cycle      account.Cycle
	Number, Of int    // the cycle among those of its fault, from 1
	Zero       string // what happened at zero
	FromS, ToS float64
	Fault      Span          // when the fault was seen in effect
	Holds      [][]HeldSpan  // by host, when it had the address
	States     [][]StateSpan // by host, the states that keepalived reported; nil: not recorded
	Probes     []Probe
	Tries      []Tries
	TriesOverS float64 // the interval of Tries, in seconds
	Marks      []Moment
}

// HeldSpan is a stretch in which a host had the address; out of reach when the fault
// kept clients from it.
type HeldSpan struct {
	FromS, ToS float64
	OutOfReach bool
}

// StateSpan is a stretch of one state of keepalived: one of history.VRRPFault and the
// others, or StateOutOfReach.
type StateSpan struct {
	FromS, ToS float64
	State      int
}

// StateOutOfReach is the state of a host that a fault keeps clients from: what its
// keepalived said last means nothing.
const StateOutOfReach = -1

// Probe is one request of the probe; Node is 0 when it got no answer.
type Probe struct {
	AtS  float64
	Node int
}

// Tries are the tries that began in one interval.
type Tries struct {
	FromS      float64
	OK, Failed int
}

// Moment is a moment with a name.
type Moment struct {
	AtS  float64
	Name string
}

// Tries are counted over the first of these intervals, in seconds, of which no more
// than fewIntervals make a picture.
var triesOver = []float64{0.010, 0.020, 0.050, 0.100, 0.200, 0.500}

const fewIntervals = 150

func failover(a *history.Arm) Failover {
	return failoverOf(a, account.Cycles(a), "", closeUp{
		a: a, address: account.Holdings(a.Samples, history.ProbeAddress), vrrp: account.Holdings(a.Samples, history.ProbeVRRP), asked: account.Asks(a.Samples),
		zero: "the first request without an answer", again: "answers again",
	})
}

// writing is the Failover of the group of tables whose home the faults hit.
func writing(a *history.Arm) Failover {
	f := failoverOf(a, account.WriteCycles(a), history.ProbeCanary, closeUp{
		a: a, address: account.Holdings(a.Samples, history.ProbeHolds+"."+history.GroupCore), asked: account.WriteAsks(a),
		zero: "the last write before", again: "acknowledged again",
	})
	f.Writes = len(f.Faults) > 0
	return f
}

// failoverOf sorts cycles by fault, beside what was predicted of the probe.
func failoverOf(a *history.Arm, cycles []account.Cycle, probe string, near closeUp) Failover {
	if len(cycles) == 0 {
		return Failover{}
	}
	var f Failover
	for _, c := range cycles {
		i := slices.IndexFunc(f.Faults, func(x FaultCycles) bool { return x.Fault == c.Fault })
		if i < 0 {
			i = len(f.Faults)
			f.Faults = append(f.Faults, FaultCycles{Fault: c.Fault})
			if at := slices.IndexFunc(a.Record.Predictions, func(p history.Prediction) bool { return p.Fault == c.Fault && p.Probe == probe }); at >= 0 {
				f.Faults[i].Prediction = &a.Record.Predictions[at]
			}
		}
		f.Faults[i].Cycles = append(f.Faults[i].Cycles, c)
	}
	for _, h := range near.address {
		f.Hosts = append(f.Hosts, h.Host)
	}
	// The way back comes after every fault: it stands behind them.
	slices.SortStableFunc(f.Faults, func(x, y FaultCycles) int {
		return cmp.Compare(rank(x.Fault), rank(y.Fault))
	})
	for i := range f.Faults {
		f.Faults[i].Shown = near.shown(f.Faults[i])
	}
	return f
}

func rank(fault string) int {
	if history.IsWayBack(fault) {
		return 1
	}
	return 0
}

// closeUp draws cycles from the evidence of an arm.
type closeUp struct {
	a             *history.Arm
	address, vrrp []account.Holding // vrrp: nil where keepalived was not asked
	asked         []account.Asked
	zero, again   string // what begins an outage and what ends it, in words
}

// shown is the cycle of a fault whose outage is the median one.
func (n closeUp) shown(f FaultCycles) Timeline {
	order := make([]int, 0, len(f.Cycles))
	for i, c := range f.Cycles {
		if !math.IsNaN(c.ProbeS) {
			order = append(order, i)
		}
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(f.Cycles[x].ProbeS, f.Cycles[y].ProbeS) })
	at := 0
	if len(order) > 0 {
		at = order[(len(order)-1)/2]
	}
	t := n.timeline(f.Cycles[at])
	t.Number, t.Of = at+1, len(f.Cycles)
	return t
}

// Room around an outage in the picture of a cycle, in parts of its length and at
// least in seconds.
const (
	roomBefore, leastBefore = 0.35, 0.2
	roomAfter, leastAfter   = 0.9, 0.4
)

func (n closeUp) timeline(c account.Cycle) Timeline {
	t := Timeline{Cycle: c, Zero: n.zero}
	zero, length := c.Probe.FromS, c.Probe.LengthS()
	if c.Probe.Failed == 0 {
		zero, t.Zero = c.FromS, "the fault was seen"
		if history.IsWayBack(c.Fault) {
			zero, t.Zero = c.ToS, "only one has the address again"
		}
	}
	t.FromS, t.ToS = -max(leastBefore, roomBefore*length), length+max(leastAfter, roomAfter*length)
	if c.Fault == history.FaultSplitBrain { // it is told by its whole window
		t.FromS, t.ToS = -0.5, c.ToS-c.FromS+1
	}
	span := func(from, to float64) (Span, bool) {
		s := Span{FromS: max(from-zero, t.FromS), ToS: min(to-zero, t.ToS)}
		return s, s.ToS > s.FromS
	}
	t.Fault, _ = span(c.FromS, c.ToS)
	from, to, out := account.OutOfReach(c.Window)
	for _, h := range n.address {
		away := Span{FromS: from, ToS: to}
		if !out || h.Host != c.Target {
			away = Span{}
		}
		var held []HeldSpan
		each(h, zero+t.FromS, zero+t.ToS, away, func(from, to, value float64, away bool) {
			if s, ok := span(from, to); ok && value == 1 {
				held = append(held, HeldSpan{s.FromS, s.ToS, away})
			}
		})
		t.Holds = append(t.Holds, held)
		if n.vrrp == nil {
			continue
		}
		var states []StateSpan
		if i := slices.IndexFunc(n.vrrp, func(v account.Holding) bool { return v.Host == h.Host }); i >= 0 {
			each(n.vrrp[i], zero+t.FromS, zero+t.ToS, away, func(from, to, value float64, away bool) {
				s, ok := span(from, to)
				switch {
				case !ok:
				case away && value != history.VRRPStopped:
					states = append(states, StateSpan{s.FromS, s.ToS, StateOutOfReach})
				case !math.IsNaN(value):
					states = append(states, StateSpan{s.FromS, s.ToS, int(value)})
				}
			})
		}
		t.States = append(t.States, states)
	}
	for _, q := range n.asked {
		if at := q.AtS - zero; at >= t.FromS && at <= t.ToS {
			t.Probes = append(t.Probes, Probe{at, q.Node})
		}
	}
	for _, t.TriesOverS = range triesOver {
		if t.ToS-t.FromS <= fewIntervals*t.TriesOverS {
			break
		}
	}
	t.Tries = n.tries(zero, t.FromS, t.ToS, t.TriesOverS)
	mark := func(at float64, name string) {
		if !math.IsNaN(at) && at-zero >= t.FromS && at-zero <= t.ToS {
			t.Marks = append(t.Marks, Moment{at - zero, name})
		}
	}
	if !history.IsWayBack(c.Fault) {
		mark(c.TakenS, "taken over")
	}
	if c.Probe.Failed > 0 {
		mark(c.Probe.ToS, n.again)
		mark(c.Probe.ToS+c.ReconnectS, "first client served")
	}
	slices.SortStableFunc(t.Marks, func(x, y Moment) int { return cmp.Compare(x.AtS, y.AtS) })
	return t
}

// each calls back for every stretch of one state of a host over [from, to]. A stretch ends
// where the host goes out of reach and where it comes back.
func each(h account.Holding, from, to float64, away Span, tell func(from, to, value float64, away bool)) {
	moments := []float64{away.FromS, away.ToS, to}
	for _, c := range h.Changes {
		moments = append(moments, c.AtS)
	}
	slices.Sort(moments)
	at := from
	for _, m := range moments {
		if m <= at || m > to {
			continue
		}
		tell(at, m, h.At(at), at >= away.FromS && at < away.ToS)
		at = m
	}
}

// tries counts the tries of clients by when they began.
func (n closeUp) tries(zero, from, to, over float64) []Tries {
	first := math.Floor(from / over)
	out := make([]Tries, max(0, int(math.Ceil(to/over)-first)))
	for i := range out {
		out[i].FromS = (first + float64(i)) * over
	}
	for _, d := range n.a.Deliveries {
		if !ours(n.a, d) {
			continue
		}
		i := int(math.Floor((n.a.Seconds(d.At)-zero)/over) - first)
		if i < 0 || i >= len(out) {
			continue
		}
		if d.OK {
			out[i].OK++
		} else {
			out[i].Failed++
		}
	}
	return out
}
