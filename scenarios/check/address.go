package check

import (
	"fmt"
	"math"
	"slices"
	"strings"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// AddressSingle judges that no two hosts which clients can reach hold the virtual IP at
// once (DIS-1), by what the probe of the address saw on their interfaces. In the window of
// a fault that kills, stops, freezes or cuts off a host, that host does not count. An
// address that no host holds is an outage, which other checkers judge. The checker needs
// samples of at least two hosts from the beginning and the end of the load, and a
// hand-over. Otherwise the address stayed single only because nothing moved it.
type AddressSingle struct {
	// ToleranceS is for how long, in seconds, two hosts may hold it; 0 means 0.1. A host that
	// takes the address home adds it before the other one learns of that, and a thawed host
	// learns of a take-over only after the thaw: 20 to 70 ms were measured. A slower machine
	// gets slowTolerance more for each multiple of the reference's time, up to mostTolerance.
	ToleranceS float64
	// RejoinS is how much longer both may hold it when one of them was cut off or frozen
	// until just before (history.FaultRejoin): then neither knows of the other.
	RejoinS float64
	// HandOvers is how often a host must have been seen to get the address; 0 means once.
	HandOvers int
	// Quiet is for an arm without faults: the address need not move.
	Quiet bool
}

const (
	defaultTolerance = 0.1
	slowTolerance    = 0.15
	mostTolerance    = 1.0
	// fromStart is how late the first sample of a host may come: a slow machine needs time
	// to begin the watch, and no fault comes before the ramp of the load is over. fromEnd is
	// how long before the end of the load its last sample may be.
	fromStart, fromEnd = 2.0, 1.0
	// rejoined is how long a host counts as on its way back after it can be reached again.
	rejoined = 0.5
)

// Name implements Checker.
func (AddressSingle) Name() string { return "address-single" }

// Check implements Checker.
func (c AddressSingle) Check(a *history.Arm) Finding {
	hosts := account.Holdings(a.Samples, history.ProbeAddress)
	tolerance := c.ToleranceS
	if tolerance <= 0 {
		tolerance = defaultTolerance
	}
	slow := max(1, a.Record.SpeedFactor)
	tolerance += min(slowTolerance*(slow-1), mostTolerance)
	moves := 0
	for _, h := range hosts {
		for i := 1; i < len(h.Changes); i++ {
			moves += stat.Indicator(h.Changes[i].Value == 1 && h.Changes[i-1].Value == 0)
		}
	}
	f := Finding{Verdict: history.Pass, Checked: moves}
	doubles := account.Doubled(hosts, a.Record.Windows)
	var wrong offences
	var longest *account.Double
	for i := range doubles {
		d := &doubles[i]
		if longest == nil || d.LengthS() > longest.LengthS() {
			longest = d
		}
	}
	m, doubted := account.MachineOf(a), 0
	for _, d := range doubles {
		switch limit := tolerance + c.rejoining(d, a.Record.Windows, slow); {
		case d.LengthS() <= limit:
		case m.Undrawn(d.FromS, d.ToS) <= limit:
			doubted++
		default:
			f.Violations++
		}
	}
	if longest != nil {
		wrong.add("%s held the address together for %.3f s from %.3f s on, meanwhile %s",
			strings.Join(longest.Hosts, " and "), longest.LengthS(), longest.FromS, answeredBy(a.Samples, longest.FromS, longest.ToS))
	} else {
		wrong.add("never held by two at once")
	}
	f.Detail = fmt.Sprintf("%s; %d of %d double holdings longer than %g s; %d hand-overs", wrong.String(), f.Violations, len(doubles), tolerance, moves)
	switch missing := c.missing(a, hosts, moves); {
	case f.Violations > 0:
		f.Verdict = history.Fail
	case doubted > 0:
		f.Verdict, f.About = history.Inconclusive, history.ReasonMachine
		f.Detail = fmt.Sprintf("%d double holdings while %s; %s", doubted, m.Words(), f.Detail)
	case missing != "":
		f.Verdict, f.Detail = history.Inconclusive, missing+"; "+f.Detail
	}
	return f
}

// rejoining is RejoinS for a double holding that began when a host became reachable
// again, otherwise 0.
func (c AddressSingle) rejoining(d account.Double, windows []history.Window, slow float64) float64 {
	for _, w := range windows {
		if _, back, out := account.OutOfReach(w); out && history.WayBack(w.Fault) == history.FaultRejoin && math.Abs(d.FromS-back) <= rejoined*slow {
			return c.RejoinS
		}
	}
	return 0
}

// missing names the evidence that is not there to judge by. "": all is there.
func (c AddressSingle) missing(a *history.Arm, hosts []account.Holding, moves int) string {
	if len(hosts) < 2 {
		return fmt.Sprintf("the address was watched on %d hosts, 2 are needed", len(hosts))
	}
	for _, h := range hosts {
		first, last := h.Changes[0], h.Changes[len(h.Changes)-1]
		switch {
		case first.AtS > fromStart*max(1, a.Record.SpeedFactor):
			return fmt.Sprintf("host %s was watched from %.3f s on only", h.Host, first.AtS)
		case last.AtS < a.Record.Load.DurationS-fromEnd:
			return fmt.Sprintf("host %s was last heard of at %.3f s, the load ended at %g s", h.Host, last.AtS, a.Record.Load.DurationS)
		case math.IsNaN(last.Value):
			return fmt.Sprintf("it is not known what host %s held after %.3f s", h.Host, last.AtS)
		}
	}
	if want := max(1, c.HandOvers); !c.Quiet && moves < want {
		return fmt.Sprintf("the address moved %d times, %d wanted", moves, want)
	}
	return ""
}

// answeredBy says which load balancers answered at the virtual IP in a stretch.
func answeredBy(samples []history.Sample, from, to float64) string {
	nodes, failed := map[int]int{}, 0
	for _, q := range account.AskedBetween(account.Asks(samples), from, to) {
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
		return "the probe asked nothing"
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
