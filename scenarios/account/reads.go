package account

import (
	"cmp"
	"slices"
	"strings"

	"oalab/scenarios/history"
)

// Versioned is a version that was written or read, between two moments.
type Versioned struct {
	Of         string // the server that was asked; "" of a write
	Version    int
	FromS, ToS float64
	Stale      bool // the answer was marked as made from memory
}

// AskedServers are those that a reading was tried of, in order.
func AskedServers(samples []history.Sample) []string {
	var out []string
	for _, s := range samples {
		if of, ok := strings.CutPrefix(s.Probe, history.ProbeRead+"."); ok && !slices.Contains(out, of) {
			out = append(out, of)
		}
	}
	slices.Sort(out)
	return out
}

// Readings are all reads that were answered, in the order of their beginnings.
func Readings(samples []history.Sample) []Versioned {
	var out []Versioned
	for _, of := range AskedServers(samples) {
		for _, v := range Versions(samples, history.ProbeRead+"."+of) {
			v.Of = of
			out = append(out, v)
		}
	}
	slices.SortStableFunc(out, func(x, y Versioned) int { return cmp.Compare(x.FromS, y.FromS) })
	return out
}

// Versions are what a probe wrote or read, and had an answer to.
func Versions(samples []history.Sample, probe string) []Versioned {
	took, stale := map[float64]float64{}, map[float64]bool{}
	for _, s := range samples {
		switch {
		case s.Probe != probe || s.Error != "":
		case s.Name == history.SeriesAnswer:
			took[s.AtS] = s.Value
		case s.Name == history.SeriesStale:
			stale[s.AtS] = true
		}
	}
	var out []Versioned
	for _, s := range samples {
		if length, ok := took[s.AtS]; ok && s.Probe == probe && s.Name == history.SeriesValue && s.Error == "" {
			out = append(out, Versioned{Version: int(s.Value), FromS: s.AtS, ToS: s.AtS + length, Stale: stale[s.AtS]})
		}
	}
	return out
}

// Staleness is the age of the oldest acknowledged write that a read did not show, in seconds
// at the begin of the read; 0 if it showed all.
func Staleness(r Versioned, writes []Versioned) float64 {
	old := 0.0
	for _, w := range writes {
		if w.Version > r.Version {
			old = max(old, r.FromS-w.ToS)
		}
	}
	return old
}
