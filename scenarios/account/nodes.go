package account

import (
	"math"
	"slices"
	"strings"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Nodes is what each server of an arm did (PERF-1): how followers' tries fared with it, as
// the platform saw them, and what it counted itself.
type Nodes struct {
	Each []Node // in the order of their names
	// Told says whether the tries tell which servers had them: older evidence does not.
	Told bool
	// Astray are the tries that no server is known to have had, as those of a load balancer
	// that did not answer. Of messages that the platform never sent there are none.
	Astray int
	// Push is that of all servers together.
	Push PushDelay
}

// Node is one server. A value that was not seen or counted is NaN, and its n is 0.
type Node struct {
	Name string
	// Requests are the tries of the load that came to it, Failed those of them that it did
	// not answer as it should. A try that a load balancer passed on to another server counts
	// for both, and failed at the first. A try whose answer an injected fault kept from the
	// platform did not fail.
	Requests, Failed int
	PerS             float64
	// Mean and P99 are how long it was waited for, in seconds, until the answer or until it
	// was given up; exact, over Timed requests. Refused connections and answers that were
	// kept back do not count. The interval of the mean is by ten parts of the run's time,
	// NaN where one of them is empty; that of p99 by order statistics, as if requests did
	// were independent, NaN with too few.
	Timed     int
	Mean, P99 stat.Interval
	// PerMessage are the statements to the databases, those of its polls included and those
	// on the tables of orders and jobs not, for each of Answered, the messages that it counted itself.
	PerMessage float64
	Answered   int
	// Hits is the share of the Looked look-ups that a cache answered. Looked is -1 if
	// look-ups were not counted, and 0 if there were none.
	Hits   float64
	Looked int
	Push   PushDelay
}

// PerNode tells the servers of an arm apart. What a killed server counted after its last
// sample is missing.
func PerNode(a *history.Arm) Nodes {
	var n Nodes
	at := map[string]int{} // index by name
	for _, name := range NodeNames(a) {
		at[name] = len(n.Each)
		n.Each = append(n.Each, Node{Name: name, PerS: math.NaN(), Mean: stat.Unknown(), P99: stat.Unknown()})
	}
	n.tries(a, at)
	n.counted(a, at)
	return n
}

// NodeNames are the servers that the record names, else those that told of themselves.
func NodeNames(a *history.Arm) []string {
	var names []string
	for _, n := range a.Record.Nodes {
		names = append(names, n.Name)
	}
	if names != nil {
		return names
	}
	seen := map[string]bool{}
	for _, s := range a.Samples {
		if server, ok := strings.CutSuffix(s.Probe, probeMetrics); ok && !seen[server] {
			seen[server] = true
			names = append(names, server)
		}
	}
	slices.Sort(names)
	return names
}

// tries adds what the platform saw of each server.
func (n *Nodes) tries(a *history.Arm, at map[string]int) {
	names := map[string]string{}
	for _, s := range a.Record.Nodes {
		names[s.Addr] = s.Name
	}
	span := OfferedS(a)
	waits := make([]waits, len(n.Each))
	for _, d := range a.Deliveries {
		if !Ours(a, d) || d.Upstream == "" {
			continue
		}
		n.Told = true
		astray := true
		for _, p := range passages(d) {
			i, ok := at[names[p.addr]]
			if !ok {
				continue
			}
			astray = false
			n.Each[i].Requests++
			n.Each[i].Failed += stat.Indicator(p.failed)
			if !math.IsNaN(p.tookS) {
				waits[i].add(a.Seconds(d.At)/span, p.tookS)
			}
		}
		n.Astray += stat.Indicator(astray)
	}
	if !n.Told {
		return
	}
	for i := range n.Each {
		s := &n.Each[i]
		s.PerS = float64(s.Requests) / span
		s.Timed, s.Mean, s.P99 = len(waits[i].all), waits[i].mean(), waits[i].p99()
	}
}

// OfferedS is over how long the load of an arm was offered, in seconds.
func OfferedS(a *history.Arm) float64 {
	if a.Record.Load.DurationS > 0 {
		return a.Record.Load.DurationS
	}
	return LastEnd(a)
}
