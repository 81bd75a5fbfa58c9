package account

import (
	"math"
	"slices"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// meter holds what the cycles of an arm are measured by.
type meter struct {
	asked         []Asked
	tries         []attempt
	gaps, late    []Gap
	all           []Message
	open          []history.Sample
	address, vrrp []Holding
}

// enoughAsked is the share of the probe's pace that must have been kept in a cycle
// for its outage to be known.
const enoughAsked = 0.5

func (m *meter) measure(c *Cycle) {
	c.Asked = len(AskedBetween(m.asked, c.BeginS, c.EndS))
	c.Probe = blackout(m.asked, c.BeginS, c.EndS)
	c.ProbeS = c.Probe.LengthS()
	if c.Asked == 0 || float64(c.Asked) < enoughAsked*(c.EndS-c.BeginS)/history.VIPEveryS {
		c.Probe, c.ProbeS = Stretch{}, math.NaN()
	}
	begun := func(t attempt) bool { return t.fromS >= c.BeginS && t.fromS < c.EndS }
	for _, t := range m.tries {
		c.TriesFailed += stat.Indicator(!t.ok && begun(t))
	}
	c.ClientsS, c.DueS = longestBegun(m.gaps, begun), longestBegun(m.late, begun)
	c.TriesUnexplained = m.unexplained(c)
	c.TakenS = m.taken(c)
	m.split(c)
}

// longestBegun is the longest of the gaps in which a try that is meant failed.
func longestBegun(all []Gap, meant func(attempt) bool) float64 {
	length := 0.0
	for _, g := range all {
		if slices.ContainsFunc(g.failed, meant) {
			length = max(length, g.length())
		}
	}
	return length
}

// taken is when another host than the target had the address, by its interface, or
// else by what its keepalived said; NaN if none did. Of a fail-back it is when the
// target had it.
func (m *meter) taken(c *Cycle) float64 {
	until := max(c.EndS, c.Probe.ToS)
	for _, of := range []struct {
		hosts []Holding
		value float64
	}{{m.address, 1}, {m.vrrp, history.VRRPMaster}} {
		first := math.NaN()
		for _, h := range of.hosts {
			if (h.Host == c.Target) != history.IsWayBack(c.Fault) {
				continue
			}
			if s := h.becomes(of.value, c.BeginS, until); !math.IsNaN(s) && !(s >= first) {
				first = s
			}
		}
		if !math.IsNaN(first) {
			return first
		}
	}
	return math.NaN()
}

// split takes an outage apart.
func (m *meter) split(c *Cycle) {
	c.DetectS, c.TakeOverS, c.ReconnectS, c.ReplayS = math.NaN(), math.NaN(), math.NaN(), math.NaN()
	if c.Probe.Failed == 0 {
		return
	}
	if !math.IsNaN(c.TakenS) && c.TakenS <= c.Probe.ToS+history.VIPLimitS {
		// A request may be asked a moment before the move and be answered after it.
		c.DetectS = max(0, c.TakenS-c.Probe.FromS)
		c.TakeOverS = max(0, c.Probe.ToS-c.TakenS)
	}
	again := math.Inf(1)
	for _, t := range m.tries {
		if t.ok && t.toS >= c.Probe.ToS {
			again = min(again, t.toS)
		}
	}
	if math.IsInf(again, 1) {
		return
	}
	c.ReconnectS = again - c.Probe.ToS
	over := again
	for i := range m.all {
		if o := &m.all[i]; o.Op != nil && o.DueS >= c.BeginS && o.DueS < c.Probe.ToS {
			over = max(over, o.Op.EndS())
		}
	}
	c.ReplayS = over - again
}
