package fairness

import (
	"oalab/scenarios/figure"
	"oalab/scenarios/history"
)

// Report is one examination of all allocators: everything that is printed or drawn.
// All of it but the figures split_ns_… and the times in Choice is a function of
// seed and size.
type Report struct {
	Seed  uint64  `json:"seed"`
	Size  Size    `json:"size"`
	Main  Setting `json:"main"`
	Alpha float64 `json:"alpha"` // level of the family of accusations
	Beta  float64 `json:"beta"`  // level of the family of equivalences
	// Accusations and Equivalences are the sizes of the families that Holm's
	// correction was made for.
	Accusations  int              `json:"accusations"`
	Equivalences int              `json:"equivalences"`
	Allocators   []Judgement      `json:"allocators"`
	Printed      Printed          `json:"printed"`
	Reruns       []Rerun          `json:"reruns"`
	Claims       []Claim          `json:"claims"`
	Choice       Choice           `json:"choice"`
	Figures      []history.Figure `json:"figures"`
}

// Judgement is what one allocator was found to be.
type Judgement struct {
	Name    string  `json:"name"`
	Promise Promise `json:"promise"`
	Claims  string  `json:"claims"` // the promise in words
	// Held says that it was acquitted of everything it promised.
	Held      bool       `json:"held"`
	Findings  []Finding  `json:"findings"`
	Positions []Position `json:"positions"` // at the main setting
	Gini      Interval   `json:"gini"`      // at the main setting
	Draws     Draws      `json:"draws"`     // at the main setting
}

// Held says whether every allocator was acquitted of everything it promised.
func (r Report) Held() bool {
	for _, j := range r.Allocators {
		if !j.Held {
			return false
		}
	}
	return len(r.Allocators) > 0
}

// Surprises are the findings that differ from what the exact laws say.
func (r Report) Surprises() []Finding {
	var out []Finding
	for _, j := range r.Allocators {
		for _, f := range j.Findings {
			if !f.AsExpected() {
				out = append(out, f)
			}
		}
	}
	return out
}

// figures are the numbers with contracted names.
func figures(reruns []Rerun, speeds map[string]Interval, timed int) []history.Figure {
	var out []history.Figure
	for _, r := range reruns {
		name := r.Allocator
		runs := r.Series[len(r.Series)-1].Runs
		low := named("mean_min_"+name, r.Low, runs)
		high := named("mean_max_"+name, r.High, runs)
		if name == "thesis" {
			bound(&low, ">=", sourceSetting().Mean()*(1-thesisMargin))
			bound(&high, "<=", sourceSetting().Mean()*(1+thesisMargin))
		}
		zero := within(named("zero_share_"+name, r.ZeroShare.Value, r.ZeroRuns), r.ZeroShare)
		if name != "thesis" {
			bound(&zero, "==", 0)
		}
		speed := speeds[name]
		out = append(out, low, high, zero, within(named("split_ns_"+name, speed.Value, timed), speed))
	}
	return out
}

// named is a figure with the unit of its row in the table.
func named(name string, value float64, n int) history.Figure {
	return history.Figure{Name: name, Value: value, Unit: figure.Unit(name), N: n}
}

// within gives a figure its interval.
func within(f history.Figure, of Interval) history.Figure {
	f.CILow, f.CIHigh = &of.Low, &of.High
	return f
}

// bound gives a figure its objective.
func bound(f *history.Figure, relation string, limit float64) {
	ok := false
	switch relation {
	case ">=":
		ok = f.Value >= limit
	case "<=":
		ok = f.Value <= limit
	case "==":
		ok = f.Value == limit
	}
	f.Relation, f.Limit, f.OK = relation, &limit, &ok
}
