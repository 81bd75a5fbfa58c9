package check

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// AddressSingle judges that no two hosts which clients can reach hold the virtual IP at
// once (DIS-1), by what the probe of the address saw on their interfaces. A host that
// is killed, stopped, frozen or cut off in a window may hold what it wants there. That
// nobody holds it is an outage and not its business. It needs words of at least two
// hosts from the beginning and the end of the load, and a hand-over, without which
// the address stayed single because nothing moved it.
type AddressSingle struct {
	// ToleranceS is for how long, in seconds, two may hold it: one that takes the
	// address home adds it before the other hears of it, and a thawed host finds out
	// only then; 20 to 70 ms were measured. 0 means 0.1.
	ToleranceS float64
	// RejoinS is for how much longer they may when the one of them was cut off or frozen
	// until just before (history.FaultRejoin): neither knows of the other.
	RejoinS float64
	// HandOvers is how often a host must have been seen to get the address; 0 means once.
	HandOvers int
	// Quiet is for an arm without faults: the address need not move.
	Quiet bool
}

const (
	defaultTolerance = 0.1
	// fromStart is how late the first word of a host may come: a slow machine takes its time
	// to begin the watch, and no fault comes before the ramp of the load is over. fromEnd is
	// how long before the end of the load its last word may be.
	fromStart, fromEnd = 2.0, 1.0
	// rejoined is how long after it can be reached again a host is on its way back.
	rejoined = 0.5
)

// Name implements Checker.
func (AddressSingle) Name() string { return "address-single" }

// Check implements Checker.
func (c AddressSingle) Check(a *history.Arm) Finding {
	hosts := Holdings(a.Samples, history.ProbeAddress)
	tolerance := c.ToleranceS
	if tolerance <= 0 {
		tolerance = defaultTolerance
	}
	moves := 0
	for _, h := range hosts {
		for i := 1; i < len(h.Changes); i++ {
			moves += one(h.Changes[i].Value == 1 && h.Changes[i-1].Value == 0)
		}
	}
	f := Finding{Verdict: history.Pass, Checked: moves}
	doubles := doubled(hosts, a.Record.Windows)
	var wrong offences
	var longest *double
	for i := range doubles {
		d := &doubles[i]
		if longest == nil || d.length() > longest.length() {
			longest = d
		}
	}
	for _, d := range doubles {
		if d.length() > tolerance+c.rejoining(d, a.Record.Windows) {
			f.Violations++
		}
	}
	if longest != nil {
		wrong.add("%s held the address together for %.3f s from %.3f s on, meanwhile %s",
			strings.Join(longest.hosts, " and "), longest.length(), longest.fromS, answeredBy(a.Samples, longest.fromS, longest.toS))
	} else {
		wrong.add("never held by two at once")
	}
	f.Detail = fmt.Sprintf("%s; %d of %d double holdings longer than %g s; %d hand-overs", wrong.String(), f.Violations, len(doubles), tolerance, moves)
	switch missing := c.missing(a, hosts, moves); {
	case f.Violations > 0:
		f.Verdict = history.Fail
	case missing != "":
		f.Verdict, f.Detail = history.Inconclusive, missing+"; "+f.Detail
	}
	return f
}

// rejoining is RejoinS for a double holding that began when a host became reachable
// again, otherwise 0.
func (c AddressSingle) rejoining(d double, windows []history.Window) float64 {
	for _, w := range windows {
		if _, back, out := OutOfReach(w); out && history.WayBack(w.Fault) == history.FaultRejoin && math.Abs(d.fromS-back) <= rejoined {
			return c.RejoinS
		}
	}
	return 0
}

// missing is what is not there to judge by, or "".
func (c AddressSingle) missing(a *history.Arm, hosts []Holding, moves int) string {
	if len(hosts) < 2 {
		return fmt.Sprintf("the address was watched on %d hosts, 2 are needed", len(hosts))
	}
	for _, h := range hosts {
		first, last := h.Changes[0], h.Changes[len(h.Changes)-1]
		switch {
		case first.AtS > fromStart:
			return fmt.Sprintf("host %s was watched from %.3f s on only", h.Host, first.AtS)
		case last.AtS < a.Record.Load.DurationS-fromEnd:
			return fmt.Sprintf("host %s was last heard of at %.3f s, the load ended at %g s", h.Host, last.AtS, a.Record.Load.DurationS)
		case math.IsNaN(last.Value):
			return fmt.Sprintf("nobody knows what host %s held after %.3f s", h.Host, last.AtS)
		}
	}
	if want := max(1, c.HandOvers); !c.Quiet && moves < want {
		return fmt.Sprintf("the address moved %d times, %d wanted", moves, want)
	}
	return ""
}

// double is a stretch in which reachable hosts held the address together.
type double struct {
	fromS, toS float64
	hosts      []string
}

func (d double) length() float64 { return d.toS - d.fromS }

// doubled finds the stretches in which more than one reachable host held the address.
func doubled(hosts []Holding, windows []history.Window) []double {
	var moments []float64
	for _, h := range hosts {
		for _, c := range h.Changes {
			moments = append(moments, c.AtS)
		}
	}
	if len(moments) == 0 {
		return nil
	}
	end := slices.Max(moments)
	for _, w := range windows {
		moments = append(moments, begins(w), w.ToS)
	}
	slices.Sort(moments)
	var out []double
	joins := false
	for i, s := range moments {
		until := end
		if i+1 < len(moments) {
			until = min(until, moments[i+1])
		}
		if until <= s {
			continue
		}
		var held []string
		for _, h := range hosts {
			if h.At(s) == 1 && reachable(h.Host, s, windows) {
				held = append(held, h.Host)
			}
		}
		switch {
		case len(held) < 2:
			joins = false
		case joins && slices.Equal(out[len(out)-1].hosts, held):
			out[len(out)-1].toS = until
		default:
			out, joins = append(out, double{s, until, held}), true
		}
	}
	return out
}

// OutOfReach is the stretch of a window, in seconds after base, in which its fault
// keeps clients from the host that it hits, and whether it does.
func OutOfReach(w history.Window) (fromS, toS float64, ok bool) {
	switch w.Fault {
	case history.FaultKillHost, history.FaultStopHost, history.FaultFreezeHost, history.FaultCutHost,
		history.FaultKillMaster, history.FaultFreezeMaster, history.FaultCutMaster:
		return begins(w), w.ToS, true
	}
	return 0, 0, false
}

// reachable reports whether no fault kept clients from a host at a moment.
func reachable(host string, s float64, windows []history.Window) bool {
	return !slices.ContainsFunc(windows, func(w history.Window) bool {
		from, to, out := OutOfReach(w)
		return out && w.Target == host && s >= from && s < to
	})
}

// answeredBy words who answered at the virtual IP in a stretch.
func answeredBy(samples []history.Sample, from, to float64) string {
	nodes, failed := map[int]int{}, 0
	for _, q := range between(Asks(samples), from, to) {
		if q.OK {
			nodes[q.Node]++
		} else {
			failed++
		}
	}
	var parts []string
	for _, n := range sortedKeys(nodes) {
		parts = append(parts, fmt.Sprintf("load balancer %d answered %d requests", n, nodes[n]))
	}
	if failed > 0 {
		parts = append(parts, fmt.Sprintf("%d failed", failed))
	}
	if len(parts) == 0 {
		return "nobody asked"
	}
	return strings.Join(parts, ", ")
}

func sortedKeys(m map[int]int) []int {
	out := make([]int, 0, len(m))
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}
