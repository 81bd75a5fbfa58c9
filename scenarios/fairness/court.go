package fairness

import (
	"context"
	"fmt"
	"math"

	"oalab/server/redpacket"
)

// Position is what was found at one position of the main setting, beside the
// closed form and the exact law.
type Position struct {
	Mean      float64 `json:"mean"`
	SD        float64 `json:"sd"`
	ClosedSD  float64 `json:"closed_sd"`
	ExactMean float64 `json:"exact_mean"`
	ExactSD   float64 `json:"exact_sd"`
	// Best and Worst are frequencies of the packet's largest and smallest share; the
	// others are those of the independent simulation of the ideal algorithm.
	Best           float64 `json:"best"`
	Worst          float64 `json:"worst"`
	ReferenceBest  float64 `json:"reference_best"`
	ReferenceWorst float64 `json:"reference_worst"`
}

// found is what the main setting gives beside findings.
type found struct {
	positions []Position
	gini      Interval
	draws     Draws
}

// Draws is the distribution of the transformed shares of the main setting.
type Draws struct {
	Density []float64 `json:"density"` // in cells of equal width from 0 to 1
	N       int       `json:"n"`
}

// evidence is what one allocator produced in one setting.
type evidence struct {
	suspect Suspect
	setting Setting
	size    Size
	splits  [][]int
	exact   redpacket.Exact
	// margin is that of the equivalence of means; 0 means those that every allocator faces.
	margin float64
}

// sheet collects findings; what depends on the size of the families of tests
// waits until all are known.
type sheet struct {
	findings []Finding
	sees     []func(alpha float64) string
}

func (s *sheet) add(f Finding, sees func(alpha float64) string) {
	s.findings = append(s.findings, f)
	s.sees = append(s.sees, sees)
}

// accuse files a test whose null is innocence.
func (s *sheet) accuse(e evidence, f Finding, t Test, sees func(alpha float64) string) {
	f.Setting, f.Packets, f.Statistic, f.P = e.setting.String(), len(e.splits), finite(t.Statistic), &t.P
	s.add(f, sees)
}

// try examines one allocator in one setting.
func (e evidence) try(ctx context.Context, seed uint64, s *sheet) (found, error) {
	positions := e.plain(s)
	if e.setting != sourceSetting() && e.setting != (Setting{100, 10}) {
		return found{}, ctx.Err()
	}
	draws, err := e.transformed(ctx, seed, s)
	if err != nil || e.setting != sourceSetting() {
		return found{}, err
	}
	f, err := e.atMain(ctx, seed, s, positions)
	f.draws = draws
	return f, err
}

// plain files what is tested in every setting.
func (e evidence) plain(s *sheet) []Sample {
	e.counted(s)
	positions := Positions(e.splits)
	e.means(s, positions)
	e.zeros(s)
	s.accuse(e, Finding{
		Charge: "shares do not follow the law", Claimed: true, Expected: Acquitted,
		Method: "chi-square by position against the exact law",
		Detail: fmt.Sprintf("law computed exactly for all %d positions", e.setting.Count),
	}, Shares(e.splits, e.exact.Shares), func(alpha float64) string {
		lambda := seesNoncentrality(alpha/float64(e.setting.Count), e.cells())
		return fmt.Sprintf("a relative error of %.2f %% (root mean square) at one position", 100*math.Sqrt(lambda/float64(len(e.splits))))
	})
	return positions
}

// cells is the largest number of amounts of one position that are expected often
// enough to be counted on their own.
func (e evidence) cells() int {
	most := 1
	for _, shares := range e.exact.Shares {
		cells := 0
		for _, p := range shares {
			if p*float64(len(e.splits)) >= sparse {
				cells++
			}
		}
		most = max(most, cells)
	}
	return most
}

// counted files what is checked in each packet.
func (e evidence) counted(s *sheet) {
	exact := func(charge, method string, claimed bool, expected Verdict, c Count, what string) {
		f := Finding{
			Charge: charge, Setting: e.setting.String(), Claimed: claimed, Expected: expected,
			Method: method, Packets: c.Checked, Statistic: float64(c.Violations), Verdict: Acquitted,
			Detail: fmt.Sprintf("%d of %d packets %s", c.Violations, c.Checked, what),
		}
		if c.Violations > 0 {
			f.Verdict = Convicted
		}
		s.add(f, func(float64) string {
			return fmt.Sprintf("a fault in 1 of %.0f packets", float64(c.Checked)/-math.Log(1-Power))
		})
	}
	exact(chargeTotal, "count", true, Acquitted, Conservation(e.splits, e.setting.Total), "lose or invent units")
	promised := e.suspect.Minimum() > 0
	expected := Acquitted
	if zeros := e.exact.AnyZero() * float64(len(e.splits)); zeros > 15 {
		expected = Convicted
	} else if zeros > 1e-6 {
		expected = ""
	}
	exact(chargeZeros, "count", promised, expected, Minimum(e.splits, 1), "hold a share below 1")
}

// means files the tests of the positions' means.
func (e evidence) means(s *sheet, positions []Sample) {
	mean, n := e.setting.Mean(), len(e.splits)
	sds := make([]float64, len(e.exact.Moments))
	sd, off := 0.0, 0.0
	for k, m := range e.exact.Moments {
		sds[k] = m.SD
		sd = max(sd, m.SD)
		off = max(off, math.Abs(m.Mean-mean))
	}
	se := sd / math.Sqrt(float64(n))
	low, high := Range(positions)
	seen := fmt.Sprintf("means %.4f to %.4f around %.4g", low, high, mean)
	s.accuse(e, Finding{
		Charge: chargeMeans, Claimed: e.suspect.Promise.EqualMeans, Expected: expect(off, 0, se),
		Method: "normal by position, Bonferroni", Detail: seen,
	}, UnequalMeans(positions, mean), func(alpha float64) string {
		return fmt.Sprintf("a mean off by %.2f %%", 100*seesDeviation(alpha, e.setting.Count)*se/mean)
	})
	margins := []float64{strict}
	if m := e.suspect.Promise.Margin; m > strict && e.setting == sourceSetting() {
		margins = append(margins, m)
	}
	if e.margin > 0 {
		margins = []float64{e.margin}
	}
	for _, margin := range margins {
		p, against := Equivalence(positions, mean, margin*mean)
		claimed := e.suspect.Promise.EqualMeans || margin == e.suspect.Promise.Margin && e.setting == sourceSetting()
		s.add(Finding{
			Charge: fmt.Sprintf("means differ by %.1f %% or more", 100*margin), Setting: e.setting.String(),
			Claimed: claimed, Expected: expect(off, margin*mean, se),
			Method: "two one-sided tests (TOST)", Packets: n, Statistic: finite(p.Statistic), P: &p.P, AgainstP: &against.P, Detail: seen,
		}, func(beta float64) string {
			return fmt.Sprintf("equal means shown with probability %.4f", equivalencePower(beta, margin*mean, sds, n))
		})
	}
}

// distance is how many standard errors from a limit a true value must be for a
// verdict to be certain for all practical purposes: the corrected tests decide at about 4.6.
const distance = 9

// expect is the verdict that a mean truly off by so much must get, and none where
// that is not clear of the limit.
func expect(off, limit, se float64) Verdict {
	switch {
	case off < 1e-9 && limit == 0, off < limit-distance*se:
		return Acquitted
	case off > limit+distance*se:
		return Convicted
	}
	return ""
}

// zeros files the test of share and place of zeros where the law gives any.
func (e evidence) zeros(s *sheet) {
	wanted := e.exact.AnyZero()
	if wanted*float64(len(e.splits)) < 100 {
		return
	}
	z := Zeros(e.splits)
	s.accuse(e, Finding{
		Charge: "zeros not where the law puts them", Claimed: true, Expected: Acquitted,
		Method: "chi-square over the place of the first zero, or none",
		Detail: fmt.Sprintf("zeros in %.3f %% of packets, exactly %.3f %%", 100*float64(z.WithZero)/float64(z.Packets), 100*wanted),
	}, z.Test(e.exact.FirstZero), func(alpha float64) string {
		lambda := seesNoncentrality(alpha, e.setting.Count)
		return fmt.Sprintf("a share of zeros off by %.1f %% of itself", 100*math.Sqrt(lambda*(1-wanted)/wanted/float64(len(e.splits))))
	})
}

// Range is the least and the greatest mean over the positions.
func Range(positions []Sample) (low, high float64) {
	low, high = math.Inf(1), math.Inf(-1)
	for _, p := range positions {
		low, high = min(low, p.Mean), max(high, p.Mean)
	}
	return low, high
}

// finite keeps a statistic printable in JSON.
func finite(x float64) float64 { return max(-math.MaxFloat64, min(math.MaxFloat64, x)) }

// Charges that the choice of the default and the claims look at.
const (
	chargeTotal = "total not kept"
	chargeZeros = "gives zeros"
	chargeMeans = "means not equal"
	chargeLuck  = " luck depends on the position" // after "best" or "worst"
)
