package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// ReadYourWrites judges how fresh answers are (STO-7), by a keyword that was changed and
// asked for while the arm ran (history.ProbeUpdate, history.ProbeRead). A read that was
// begun BoundS or longer after the acknowledgement of a write shows that version or a
// later one, whoever answers. And nobody reads backwards: not from one server, once it
// has answered, and not from another one BoundS later, even where what was shown was
// never acknowledged. A write whose outcome is not known may show or not.
type ReadYourWrites struct {
	// BoundS is how old an answer may be, in seconds; 0 means 3, the server's own bound.
	BoundS float64
	// Reads is how many reads of each server there must be that could have been too old,
	// Writes how many acknowledged writes. Below either the checker is inconclusive.
	Reads, Writes int
}

// staleAfter is what the server promises, in seconds (ARCHITECTURE.md).
const staleAfter = 3.0

// Name implements Checker.
func (ReadYourWrites) Name() string { return "read-your-writes" }

// Check implements Checker.
func (c ReadYourWrites) Check(a *history.Arm) Finding {
	bound := cmp.Or(c.BoundS, staleAfter)
	writes, reads := versions(a.Samples, history.ProbeUpdate), readings(a.Samples)
	f := Finding{Verdict: history.Pass}
	var wrong, open offences
	for _, of := range askedServers(a.Samples) {
		decided := 0
		for _, r := range reads {
			if r.of != of {
				continue
			}
			switch must, why := demanded(r, bound, writes, reads); {
			case must.version == 0:
				continue
			case r.version < must.version:
				wrong.add("%s showed version %d to a message begun at %.3f s, after version %d was %s %.3f s",
					of, r.version, r.fromS, must.version, why, must.toS)
			}
			decided++
		}
		f.Checked += decided
		if decided < max(c.Reads, 1) {
			open.add("%d reads of %s could be decided, %d wanted", decided, of, max(c.Reads, 1))
		}
	}
	if len(writes) < max(c.Writes, 1) {
		open.add("%d writes were acknowledged, %d wanted", len(writes), max(c.Writes, 1))
	}
	if f.Checked == 0 {
		open.add("nobody was asked")
	}
	if !f.decide(&wrong, &open) {
		f.Detail = fmt.Sprintf("%d reads over %d acknowledged writes, none older than %g s", f.Checked, len(writes), bound)
	}
	return f
}

// versioned is a version that was written or read, between two moments.
type versioned struct {
	of         string // the server that was asked; "" of a write
	version    int
	fromS, toS float64
}

// demanded is the version that a read has to show at least, and what had become of it
// by its toS. Its version is 0 when the read may show anything.
func demanded(r versioned, bound float64, writes, reads []versioned) (must versioned, why string) {
	for _, w := range writes {
		if w.version > must.version && w.toS+bound <= r.fromS {
			must, why = w, "acknowledged at"
		}
	}
	for _, other := range reads {
		patience := bound
		if other.of == r.of && r.of != history.ReadService {
			patience = 0
		}
		if other.version > must.version && other.toS+patience <= r.fromS {
			must, why = other, "shown by "+other.of+" at"
		}
	}
	return must, why
}

// askedServers are those that a reading was tried of, in order.
func askedServers(samples []history.Sample) []string {
	var out []string
	for _, s := range samples {
		if of, ok := strings.CutPrefix(s.Probe, history.ProbeRead+"."); ok && !slices.Contains(out, of) {
			out = append(out, of)
		}
	}
	slices.Sort(out)
	return out
}

// readings are all reads that were answered, in the order of their beginnings.
func readings(samples []history.Sample) []versioned {
	var out []versioned
	for _, of := range askedServers(samples) {
		for _, v := range versions(samples, history.ProbeRead+"."+of) {
			v.of = of
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(x, y versioned) int { return cmp.Compare(x.fromS, y.fromS) })
	return out
}

// versions are what a probe wrote or read, and had an answer to.
func versions(samples []history.Sample, probe string) []versioned {
	took := map[float64]float64{}
	for _, s := range samples {
		if s.Probe == probe && s.Name == history.SeriesAnswer && s.Error == "" {
			took[s.AtS] = s.Value
		}
	}
	var out []versioned
	for _, s := range samples {
		if length, ok := took[s.AtS]; ok && s.Probe == probe && s.Name == history.SeriesValue && s.Error == "" {
			out = append(out, versioned{version: int(s.Value), fromS: s.AtS, toS: s.AtS + length})
		}
	}
	return out
}

// staleness is for how long the oldest write that a read did not show had been
// acknowledged when it was begun, in seconds; 0 when it showed all.
func staleness(r versioned, writes []versioned) float64 {
	old := 0.0
	for _, w := range writes {
		if w.version > r.version {
			old = max(old, r.fromS-w.toS)
		}
	}
	return old
}

// freshness adds the figures of the keyword that changed: of all reads, and of those
// begun while a fault was in effect.
func (r *reckoning) freshness(windows []history.Window) {
	reads := readings(r.arm.Samples)
	if len(reads) == 0 {
		return
	}
	writes := versions(r.arm.Samples, history.ProbeUpdate)
	r.count("updates_acknowledged", len(writes), len(writes))
	r.count("reads_checked", len(reads), len(reads))
	figures := func(suffix string, in func(versioned) bool) {
		var ages []float64
		for _, read := range reads {
			if in(read) {
				ages = append(ages, staleness(read, writes))
			}
		}
		ages = ascending(ages)
		r.longestOf("staleness_max_s"+suffix, ages)
		if suffix == "" {
			r.quantileOf("staleness_p99_s", ages, 0.99)
		}
	}
	figures("", func(versioned) bool { return true })
	for _, fault := range faultsOf(windows) {
		of := windowsOf(windows, fault)
		figures("/"+fault, func(v versioned) bool {
			return slices.ContainsFunc(of, func(w history.Window) bool { return w.Contains(v.fromS) })
		})
	}
}
