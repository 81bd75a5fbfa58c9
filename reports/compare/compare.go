// Package compare holds two groups of runs of one scenario against each other
// (REP-5): what changed, how sure that is, and whether a gate lets it pass. A run is
// one observation, because the requests inside a run depend on each other.
package compare

import (
	"math"

	"oalab/scenarios/fairness"
	"oalab/scenarios/history"
)

// Run is one run folder and what its evidence says.
type Run struct {
	Dir string // as it was given
	// Path is where the folder really is, links followed; empty: the same as Dir.
	Path     string
	Manifest history.Manifest
	// Err is why there is no such run; the manifest is then empty.
	Err error
}

// Options say what is compared and how strictly.
type Options struct {
	// Figures are names or patterns of figures. Empty means those with objectives and
	// the main arm's error ratio, throughput and latency from the due time.
	Figures []string
	// Alpha is the chance of calling any difference real when there is none, over all
	// figures together; an interval misses with at most this chance each. It lies
	// between 0 and 0.5.
	Alpha float64
	// Gate is the worsening that is let pass, as a fraction; nil means no gate.
	Gate *float64
}

// Result is a comparison, ready to be written as JSON.
type Result struct {
	Scenario string  `json:"scenario"`
	Topology string  `json:"topology"`
	Size     string  `json:"size"`
	Alpha    float64 `json:"alpha"`
	Base     Group   `json:"base"`
	New      Group   `json:"new"`
	// Tested counts the figures that the correction is for: those that are on both
	// sides and not the same in every run.
	Tested int `json:"tested"`
	// SmallestP is the smallest p that so many runs can reach for one figure, and
	// SmallestPHolm after the correction. When that is not below Alpha, no difference
	// however large is significant; RunsWanted a side would be enough.
	SmallestP     float64  `json:"smallest_p"`
	SmallestPHolm float64  `json:"smallest_p_holm"`
	RunsWanted    int      `json:"runs_wanted"`
	Figures       []Figure `json:"figures"`
	Gate          *Gate    `json:"gate"`
	// Warnings are what a reader must know before believing the figures, Notes what
	// helps to read them.
	Warnings []string `json:"warnings"`
	Notes    []string `json:"notes"`
}

// Group is one side of the comparison.
type Group struct {
	Runs     []string   `json:"runs"` // folders of the runs that count
	Excluded []Excluded `json:"excluded"`
}

// Excluded is a run that does not count, and why.
type Excluded struct {
	Dir    string `json:"dir"`
	Reason string `json:"reason"`
}

// The conclusions about a figure.
const (
	Better  = "better"
	Worse   = "worse"
	Changed = "changed"      // significantly, of a figure that is neither good nor bad
	Same    = "same"         // one value in all runs; not tested
	Unclear = "~"            // the difference may be chance
	TooFew  = "too few runs" // no difference between so few runs is significant
)

// Figure is one figure on both sides.
type Figure struct {
	Name string `json:"name"`
	Unit string `json:"unit"`
	// Wanted is lower or higher, or empty for a figure that is neither good nor bad.
	Wanted string `json:"wanted"`
	Base   Side   `json:"base"`
	New    Side   `json:"new"`
	// Difference is new minus base, Ratio new over base (nil unless both are positive
	// in all runs): Hodges-Lehmann estimates.
	Difference Estimate  `json:"difference"`
	Ratio      *Estimate `json:"ratio"`
	// P and PHolm are of the two-sided Mann-Whitney test, without and with the
	// correction; nil when the figure was not tested. Exact says that P is no
	// approximation.
	P          *float64 `json:"p"`
	PHolm      *float64 `json:"p_holm"`
	Exact      bool     `json:"exact"`
	Conclusion string   `json:"conclusion"`
	// Worsening is the fraction by which new is worse than base, negative when it is
	// better; nil when there is none to tell (no direction, or a base of zero).
	Worsening *float64 `json:"worsening"`
	// Gate is the gate's verdict on this figure; empty when it was not asked.
	Gate history.Verdict `json:"gate,omitempty"`

	reachable bool    // some p below alpha can be had from so many runs
	dominance float64 // positive when values of new tend to be above those of base
}

// Side is a figure in the runs of one group, one value a run.
type Side struct {
	Median float64   `json:"median"`
	Values []float64 `json:"values"`
}

// Compare holds the runs of base against those of with. An error is a refusal, in
// one line; it is ErrNothingLeft when there were runs, but none that count.
func Compare(base, with []Run, o Options) (Result, error) {
	if err := o.check(); err != nil {
		return Result{}, err
	}
	base, with, r, err := admit(base, with)
	if err != nil {
		return Result{}, err
	}
	r.Alpha = o.Alpha
	names, err := choose(base, with, o.Figures)
	if err != nil {
		return Result{}, err
	}
	var oneSided []string
	for _, name := range names {
		f, ok := compareFigure(name, base, with, o.Alpha)
		if !ok {
			oneSided = append(oneSided, name)
			continue
		}
		r.Figures = append(r.Figures, f)
	}
	r.correct(len(base), len(with))
	r.remark(base, with, oneSided)
	if o.Gate != nil {
		if err := r.hold(*o.Gate, oneSided); err != nil {
			return Result{}, err
		}
	}
	return r, nil
}

// figure is one figure on both sides, tested but not yet corrected; false when one
// side lacks it.
func compareFigure(name string, base, with []Run, alpha float64) (Figure, bool) {
	f := Figure{Name: name}
	relation := ""
	gather := func(runs []Run) []float64 {
		var values []float64
		for _, run := range runs {
			if v, ok := find(run.Manifest, name); ok {
				values, f.Unit = append(values, v.Value), v.Unit
				if v.Relation != "" {
					relation = v.Relation
				}
			}
		}
		return values
	}
	f.Base.Values, f.New.Values = gather(base), gather(with)
	if len(f.Base.Values) == 0 || len(f.New.Values) == 0 {
		return f, false
	}
	f.Wanted = wanted(name, relation)
	f.Base.Median, f.New.Median = median(f.Base.Values), median(f.New.Values)
	f.Difference = shift(f.Base.Values, f.New.Values, alpha)
	f.Ratio = ratio(f.Base.Values, f.New.Values, alpha)
	if !constant(f.Base.Values, f.New.Values) {
		t := mannWhitney(f.Base.Values, f.New.Values)
		f.P, f.Exact = &t.p, t.exact
		f.dominance = t.u - float64(len(f.Base.Values)*len(f.New.Values))/2
	}
	if by := f.worsening(); f.Wanted != "" && !math.IsInf(by, 0) {
		f.Worsening = &by
	}
	return f, true
}

// correct corrects the p-values for being many and draws the conclusions. A figure
// that is the same in all runs is left out of the correction: that it can never be
// significant is known without looking at which side a value is on.
func (r *Result) correct(base, with int) {
	var p []float64
	for _, f := range r.Figures {
		if f.P != nil {
			p = append(p, *f.P)
		}
	}
	r.Tested = len(p)
	corrected := fairness.Holm(p)
	next := 0
	for i := range r.Figures {
		f := &r.Figures[i]
		f.reachable = r.corrected(smallest(len(f.Base.Values), len(f.New.Values))) < r.Alpha
		if f.P != nil {
			f.PHolm = &corrected[next]
			next++
		}
		f.Conclusion = f.conclude(r.Alpha)
	}
	r.SmallestP = smallest(base, with)
	r.SmallestPHolm = r.corrected(r.SmallestP)
	for r.RunsWanted = 1; r.corrected(smallest(r.RunsWanted, r.RunsWanted)) >= r.Alpha; {
		r.RunsWanted++
	}
}

// corrected is what the smallest of all p-values becomes by the correction.
func (r *Result) corrected(p float64) float64 { return min(1, p*float64(max(1, r.Tested))) }

func (f *Figure) conclude(alpha float64) string {
	switch {
	case f.PHolm == nil:
		return Same
	case !f.reachable:
		return TooFew
	case *f.PHolm >= alpha:
		return Unclear
	case f.Wanted == "":
		return Changed
	// The direction is that of the test itself, which the estimate may just miss.
	case (f.dominance > 0) == (f.Wanted == higher):
		return Better
	}
	return Worse
}
