package fairness

import (
	"fmt"

	"oalab/server/redpacket"
)

// Promise is what an allocator says of itself beyond keeping the total and its
// minimum and following its own law. What it does not promise is examined as well
// and reported, but not held against it.
type Promise struct {
	// EqualMeans: every position has exactly the same mean, at any total.
	EqualMeans bool `json:"equal_means"`
	// Margin is the relative deviation of any position's mean that it promises to
	// stay below at the main setting; 0 promises nothing.
	Margin float64 `json:"margin"`
	// Exchangeable: best and worst luck do not depend on the position.
	Exchangeable bool `json:"exchangeable"`
}

// Text says the promise in words for reports.
func (p Promise) Text(minimum int) string {
	s := "keeps the total"
	if minimum > 0 {
		s += fmt.Sprintf(", gives at least %d", minimum)
	}
	switch {
	case p.EqualMeans:
		s += ", equal means at every position and total"
	case p.Margin > 0:
		s += fmt.Sprintf(", means equal within %.1f %% at %s", 100*p.Margin, sourceSetting())
	}
	if p.Exchangeable {
		s += ", luck independent of the position"
	}
	return s
}

// Suspect is an allocator under examination.
type Suspect struct {
	redpacket.Allocator
	Promise Promise
}

// strict is the margin of the equivalence test that every allocator faces.
const strict = 0.01

// thesisMargin is what "roughly equal" is taken to mean for the source: 25 ± 0.7 at
// 500 over 20, which holds its printed 10 000-run series as well.
const thesisMargin = 0.7 / 25

// Suspects are the product's allocators with what they promise.
func Suspects() []Suspect {
	promises := map[string]Promise{
		redpacket.Thesis{}.Name():     {Margin: thesisMargin},
		redpacket.DoubleMean{}.Name(): {EqualMeans: true, Margin: strict},
		redpacket.Simplex{}.Name():    {EqualMeans: true, Margin: strict, Exchangeable: true},
	}
	var out []Suspect
	for _, a := range redpacket.All() {
		out = append(out, Suspect{Allocator: a, Promise: promises[a.Name()]})
	}
	return out
}
