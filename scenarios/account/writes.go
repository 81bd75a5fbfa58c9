package account

import (
	"cmp"
	"math"
	"slices"
	"strconv"
	"strings"

	"oalab/scenarios/history"
)

// Written is one canary row that was acknowledged.
type Written struct {
	Group      string
	Key        string
	fromS, ats float64 // begun, and acknowledged
}

// AcknowledgedWrites are the canary rows of an arm that were acknowledged, by when.
func AcknowledgedWrites(samples []history.Sample) []Written {
	type begun struct {
		group string
		atS   float64
	}
	took := map[begun]float64{}
	var out []Written
	for _, s := range samples {
		if group, ok := strings.CutPrefix(s.Probe, history.ProbeCanary+"."); ok && s.Name == history.SeriesAnswer {
			took[begun{group, s.AtS}] = s.Value
		}
	}
	for _, s := range samples {
		if group, ok := strings.CutPrefix(s.Probe, history.ProbeCanary+"."); ok && s.Name == history.SeriesValue {
			out = append(out, Written{group, strconv.FormatFloat(s.Value, 'f', -1, 64), s.AtS, s.AtS + took[begun{group, s.AtS}]})
		}
	}
	slices.SortStableFunc(out, func(x, y Written) int { return cmp.Compare(x.ats, y.ats) })
	return out
}

// silent is the longest stretch between two acknowledged writes of a group that begins in
// [from, to); false without two of them.
func silent(all []Written, group string, from, to float64) (longest Stretch, ok bool) {
	last := math.NaN()
	for _, w := range all {
		if w.Group != group {
			continue
		}
		if last >= from && last < to && (!ok || w.ats-last > longest.LengthS()) {
			longest, ok = Stretch{FromS: last, ToS: w.ats}, true
		}
		last = w.ats
	}
	return longest, ok
}

// WriteGapS is the length of the stretch that silent finds, NaN without one.
func WriteGapS(all []Written, group string, from, to float64) float64 {
	if s, ok := silent(all, group, from, to); ok {
		return s.LengthS()
	}
	return math.NaN()
}

// WriteGapIn is the longest time without an acknowledged write that belongs to a window of
// a fault. The group is the one whose home the faults hit.
func WriteGapIn(all []Written, w history.Window) (Stretch, bool) {
	return silent(all, history.GroupCore, Begins(w)-WriteLeadS, w.ToS)
}

// WriteGapsS are the longest times without an acknowledged write, of each window in which
// that is known.
func WriteGapsS(all []Written, windows []history.Window) []float64 {
	var out []float64
	for _, w := range windows {
		if s, ok := WriteGapIn(all, w); ok {
			out = append(out, s.LengthS())
		}
	}
	return out
}

// WriteCycles are the windows of faults in an arm with a pair of masters, in the order of
// time, by the canary of the group whose home the faults hit. Of a cycle they have the
// window, the longest time without an acknowledged write as its outage, and the moment at
// which the other master had the address. The rest is not known. Without canaries there are
// none.
func WriteCycles(a *history.Arm) []Cycle {
	all := AcknowledgedWrites(a.Samples)
	if len(all) == 0 {
		return nil
	}
	holders := Holdings(a.Samples, history.ProbeHolds+"."+history.GroupCore)
	nan := math.NaN()
	var out []Cycle
	for _, w := range a.Record.Windows {
		if !InEffect(w) {
			continue
		}
		c := Cycle{
			Window: w, BeginS: Begins(w) - WriteLeadS, EndS: max(w.ToS, w.HealedS), ProbeS: nan, ClientsS: nan, DueS: nan, TriesUnexplained: nan,
			DetectS: nan, TakeOverS: nan, ReconnectS: nan, ReplayS: nan, TakenS: nan,
		}
		if outage, ok := WriteGapIn(all, w); ok {
			c.Probe, c.ProbeS = outage, outage.LengthS()
			c.Probe.Failed = int(math.Round(c.ProbeS/history.CanaryEveryS)) - 1 // that were due meanwhile
			for _, h := range holders {
				if at := h.becomes(1, outage.FromS, outage.ToS); h.Host != w.Target && !(at >= c.TakenS) {
					c.TakenS = at
				}
			}
		}
		out = append(out, c)
	}
	slices.SortStableFunc(out, func(x, y Cycle) int { return cmp.Compare(x.FromS, y.FromS) })
	return out
}

// WriteAsks are the canary's writes of the group whose home the faults hit: those that were
// acknowledged by when they were, with the host that got the address last before (its
// place among the Holdings, from 1), the others by when they were begun.
func WriteAsks(a *history.Arm) []Asked {
	holders := Holdings(a.Samples, history.ProbeHolds+"."+history.GroupCore)
	var out []Asked
	for _, w := range AcknowledgedWrites(a.Samples) {
		if w.Group != history.GroupCore {
			continue
		}
		q, since := Asked{AtS: w.ats, OK: true}, math.Inf(-1)
		for i, h := range holders {
			for _, c := range h.Changes {
				if c.Value == 1 && c.AtS <= w.ats && c.AtS > since {
					q.Node, since = i+1, c.AtS
				}
			}
		}
		out = append(out, q)
	}
	for _, s := range a.Samples {
		if s.Probe == history.ProbeCanary+"."+history.GroupCore && s.Error != "" {
			out = append(out, Asked{AtS: s.AtS})
		}
	}
	slices.SortStableFunc(out, func(x, y Asked) int { return cmp.Compare(x.AtS, y.AtS) })
	return out
}

// keysOf are the keys of a table by the readings of one kind, by host.
func keysOf(a *history.Arm, why, group, table string) map[string]map[string]bool {
	out := map[string]map[string]bool{}
	for _, r := range a.Databases {
		if r.Why != why || r.Group != group || r.Table != table {
			continue
		}
		keys := map[string]bool{}
		for _, k := range r.Keys {
			keys[k] = true
		}
		out[r.Host] = keys
	}
	return out
}

// LostWrites are the acknowledged canary rows that are missing on either master in the end,
// or that were missing on the survivor after it had taken over and before the other master
// was back. A master that had not taken over when it was read is no survivor: it may still
// have received rows to apply.
func LostWrites(a *history.Arm) (lost []Written, of int) {
	all := AcknowledgedWrites(a.Samples)
	for _, group := range history.Groups() {
		end := keysOf(a, history.ReadEnd, group, history.TableCanary)
		var survivors []history.TableReading
		holdings := Holdings(a.Samples, history.ProbeHolds+"."+group)
		for _, r := range a.Databases {
			if r.Why == history.ReadSurvivor && r.Group == group && r.Table == history.TableCanary && mayHold(holdings, r.Host, a.Seconds(r.At)) {
				survivors = append(survivors, r)
			}
		}
		for _, w := range all {
			if w.Group != group {
				continue
			}
			of++
			missing := len(end) == 0
			for _, keys := range end {
				missing = missing || !keys[w.Key]
			}
			for _, r := range survivors {
				missing = missing || w.ats < a.Seconds(r.At) && !slices.Contains(r.Keys, w.Key)
			}
			if missing {
				lost = append(lost, w)
			}
		}
	}
	return lost, of
}

// mayHold reports whether a host held the address at a moment, or nothing is known of it.
func mayHold(holdings []Holding, host string, at float64) bool {
	i := slices.IndexFunc(holdings, func(h Holding) bool { return h.Host == host })
	return i < 0 || holdings[i].At(at) != 0
}

// WriteLeadS is how long before a fault its outage of writing may begin: with the last
// write that was acknowledged.
const WriteLeadS = 2 * history.CanaryEveryS
