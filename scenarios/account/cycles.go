package account

import (
	"cmp"
	"math"
	"slices"

	"oalab/scenarios/history"
)

// Cycle is one window of a fault of a load balancer, as the probe of the virtual IP
// and the clients saw it (REP-8). All times are in seconds, moments are after base;
// NaN is what cannot be known.
type Cycle struct {
	history.Window

	// BeginS and EndS bound the stretch in which its outages may begin: from shortly
	// before the fault until its recovery, which is a cycle of its own if a host takes
	// the address home in it.
	BeginS, EndS float64
	// Asked is how many requests of the probe were asked in the stretch.
	Asked int
	// Probe is the outage by the probe, zero when no request failed.
	Probe Stretch
	// ProbeS is its length, NaN when too little was asked to know.
	ProbeS float64
	// ClientsS is the longest outage that the clients' tries met, from the start of a
	// successful try to that of the next, with failed ones between them.
	ClientsS float64
	// DueS is the longest stretch of due times without an operation that was answered
	// within AnsweredWithinS of its due time.
	DueS float64
	// TriesFailed is how many tries that began in the stretch failed.
	TriesFailed int
	// TriesUnexplained is how many of them have no explanation. Explained are those that began
	// while the probe got no answer, and one for each connection that was open at the most
	// when that began (without an outage: in the stretch), because a move of the address
	// breaks open connections and nothing else. NaN if the connections were not counted.
	TriesUnexplained float64
	// The outage by the probe in parts. DetectS is until another host has the address;
	// TakeOverS is from then until the first answer, the end of the outage; ReconnectS
	// is from there until the first try of a client is over with success; ReplayS from
	// there until the last operation is over that was due before the outage ended. NaN
	// without an outage, the first two also when no other host took the address.
	DetectS, TakeOverS, ReconnectS, ReplayS float64
	// TakenS is when another host had the address.
	TakenS float64
}

// AnsweredWithinS is the wait from its due time within which an operation must be
// answered to end an outage by due times: the limit of the probe, so that both
// measure with one yardstick.
const AnsweredWithinS = history.VIPLimitS

const (
	// LeadS is how long before a fault its outage may begin: requests that were asked
	// before may be caught by it, each for as long as it may take.
	LeadS = history.VIPLimitS + 0.05
	// latest is how long an outage may begin before the fault was seen in effect: the
	// observation of the host comes after the fault, and takes a while.
	latest = 5.0
	// SettleS is how long after an address came home the move may still be felt.
	SettleS = 1.0
)

// Windows are the windows of the faults of an arm as they were recorded, and the
// fail-backs (FailBacks) where they belong in time.
func Windows(a *history.Arm) []history.Window {
	home := FailBacks(a)
	if len(home) == 0 {
		return slices.Clone(a.Record.Windows)
	}
	out := append(slices.Clone(a.Record.Windows), home...)
	slices.SortStableFunc(out, func(x, y history.Window) int { return cmp.Compare(x.FromS, y.FromS) })
	return out
}

// FailBacks are the windows in which a host got the virtual IP home after a fault, named by
// history.WayBack: from the request for recovery until the host alone had the address again,
// before the next fault. They are computed from the probe of the address. A host that leaves
// the address where it is makes none. Without such a probe, and in an arm whose record has
// fail-backs already, there are none.
func FailBacks(a *history.Arm) []history.Window {
	hosts := Holdings(a.Samples, history.ProbeAddress)
	if len(hosts) < 2 || !HasVIP(a) || slices.ContainsFunc(a.Record.Windows, func(w history.Window) bool { return history.IsWayBack(w.Fault) }) {
		return nil
	}
	var out []history.Window
	for _, w := range a.Record.Windows {
		own := slices.IndexFunc(hosts, func(h Holding) bool { return h.Host == w.Target })
		if own < 0 || !InEffect(w) {
			continue
		}
		until := math.Inf(1)
		for _, next := range a.Record.Windows {
			if next.FromS > w.FromS {
				until = min(until, max(w.ToS, Begins(next)))
			}
		}
		if home := home(hosts, own, w.ToS, until); !math.IsNaN(home) {
			out = append(out, history.Window{
				Fault: history.WayBack(w.Fault), Arm: w.Arm, Target: w.Target,
				PlannedFromS: w.PlannedToS, PlannedToS: w.PlannedToS, FromS: w.ToS, ToS: home, HealedS: home,
			})
		}
	}
	return out
}

// home is when the own host is the only one with the address in (from, until), if
// another had it at from. NaN if that never happens.
func home(hosts []Holding, own int, from, until float64) float64 {
	others := func(s float64) bool {
		for i, h := range hosts {
			if i != own && h.At(s) == 1 {
				return true
			}
		}
		return false
	}
	if !others(from) {
		return math.NaN()
	}
	first := math.NaN()
	for _, h := range hosts {
		for _, c := range h.Changes {
			if c.AtS > from && c.AtS < until && !(c.AtS >= first) && hosts[own].At(c.AtS) == 1 && !others(c.AtS) {
				first = c.AtS
			}
		}
	}
	return first
}

// InEffect reports whether a fault was ever seen in effect. One that was not has no
// beginning, only an error.
func InEffect(w history.Window) bool { return w.ToS > w.FromS && (w.FromS > 0 || w.Error == "") }

// Begins is the earliest moment at which a fault may have begun: not before its injection,
// which is not before the planned moment, and not long before it was seen in effect.
func Begins(w history.Window) float64 {
	return max(min(max(w.PlannedFromS, w.BegunS), w.FromS), w.FromS-latest)
}

// Cycles measures every window of an arm with a virtual IP, fail-backs included, in the order
// of time. A fault that was never in effect makes no cycle. An arm whose virtual IP was not
// probed has none.
func Cycles(a *history.Arm) []Cycle {
	if !HasVIP(a) {
		return nil
	}
	all := Messages(a)
	Weigh(a, MachineOf(a), all)
	return CyclesOf(a, all, Recorded)
}

// CyclesOf measures the cycles of an arm in a view.
func CyclesOf(a *history.Arm, all []Message, v View) []Cycle {
	windows := slices.DeleteFunc(Windows(a), func(w history.Window) bool { return !InEffect(w) })
	slices.SortStableFunc(windows, func(x, y history.Window) int { return cmp.Compare(x.FromS, y.FromS) })
	out := make([]Cycle, len(windows))
	for i, w := range windows {
		c := Cycle{Window: w, BeginS: Begins(w) - LeadS, EndS: max(w.ToS, w.HealedS)}
		if history.IsWayBack(w.Fault) {
			c.BeginS, c.EndS = w.FromS, c.EndS+SettleS
		}
		if i > 0 {
			// What comes after a fail-back still belongs to it, up to the next fault.
			c.BeginS = max(c.BeginS, out[i-1].ToS)
			out[i-1].EndS = max(out[i-1].FromS, min(out[i-1].EndS, c.BeginS))
		}
		out[i] = c
	}
	m := meter{
		asked: askedIn(Asks(a.Samples), v), tries: attempts(a, all, v), gaps: GapsIn(a, all, v), late: lateGaps(all, v), all: all,
		open:    openConnections(a.Samples),
		address: Holdings(a.Samples, history.ProbeAddress), vrrp: Holdings(a.Samples, history.ProbeVRRP),
	}
	for i := range out {
		m.measure(&out[i])
	}
	return out
}

// lateGaps are the outages by due times, like gaps by tries: from one operation that
// was answered in time to the next, by their due times, with others between them. One
// that the generator sent late may have been answered as much sooner, or later.
func lateGaps(all []Message, v View) []Gap {
	var out []Gap
	var now Gap
	order := make([]int, len(all))
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(x, y int) int { return cmp.Compare(all[x].DueS, all[y].DueS) })
	for n, i := range order {
		m := &all[i]
		if n == 0 {
			now = Gap{FromS: m.DueS}
		}
		o := m.Outcome()
		leeway := map[View]float64{Kindest: m.OwnS, Harshest: -m.OwnS}[v]
		if m.Op != nil && (o == OutcomeOK || o == OutcomeRejected) && m.Op.EndS()-m.DueS <= AnsweredWithinS+leeway {
			if len(now.failed) > 0 {
				now.ToS = m.DueS
				out = append(out, now)
			}
			now = Gap{FromS: m.DueS}
			continue
		}
		now.ToS = m.DueS
		now.failed = append(now.failed, attempt{fromS: m.DueS, toS: m.DueS})
	}
	if len(now.failed) > 0 {
		out = append(out, now)
	}
	return out
}

// Inside reports whether the outage of a cycle by the probe lies in a prediction.
func (c Cycle) Inside(p history.Prediction) bool { return Inside(p, c.ProbeS) }

// Inside reports whether an outage in seconds lies in a prediction. Both are sums of decimal
// fractions: what lies on the bound is inside.
func Inside(p history.Prediction, outageS float64) bool {
	const rounding = 1e-9
	return outageS >= p.LowS-rounding && outageS <= p.HighS+rounding
}
