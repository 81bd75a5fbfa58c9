package fairness

import (
	"context"
	"fmt"
	"math"
	"math/rand/v2"
)

// sortedPackets bounds the packets whose draws are sorted, which is the one step
// that takes more than linear time.
const sortedPackets = 50_000

// transformed files the tests of the probability integral transform.
func (e evidence) transformed(ctx context.Context, seed uint64, s *sheet) (Draws, error) {
	law, err := e.suspect.Law(e.setting.Total, e.setting.Count)
	if err != nil {
		return Draws{}, err
	}
	u, impossible := Transform(e.splits, law, e.stream(seed, "transform"))
	drawn := len(u) * (e.setting.Count - 1)
	sorted := min(len(u), sortedPackets)
	detail := fmt.Sprintf("%d shares, %d impossible under the law", drawn, impossible)
	condemn := func(t Test) Test {
		if impossible > 0 {
			t.P = 0
		}
		return t
	}
	s.accuse(e, Finding{
		Charge: "draws not uniform", Claimed: true, Expected: Acquitted, Detail: detail,
		Method: "randomised PIT, chi-square in 64 cells by position",
	}, condemn(Uniform(u)), func(alpha float64) string {
		lambda := seesNoncentrality(alpha, (bins-1)*(e.setting.Count-1))
		return fmt.Sprintf("a density off by %.2f %% (root mean square)", 100*math.Sqrt(lambda/float64(drawn)))
	})
	s.accuse(e, Finding{
		Charge: "draws off the uniform distribution", Claimed: true, Expected: Acquitted, Detail: detail,
		Method: "randomised PIT, Kolmogorov-Smirnov",
	}, condemn(Kolmogorov(u[:sorted])), func(alpha float64) string {
		return fmt.Sprintf("a distance of %.5f (%d shares)", seesDistance(alpha, sorted*(e.setting.Count-1)), sorted*(e.setting.Count-1))
	})
	if err := ctx.Err(); err != nil {
		return Draws{}, err
	}
	correlated := func(charge, method string, t Test) {
		s.accuse(e, Finding{
			Charge: charge, Claimed: true, Expected: Acquitted, Method: method,
			Detail: fmt.Sprintf("correlation %+.5f over %d pairs", t.Statistic/math.Sqrt(float64(t.N)), t.N),
		}, t, func(alpha float64) string {
			return fmt.Sprintf("a correlation of %.5f", seesDeviation(alpha, 1)/math.Sqrt(float64(t.N)))
		})
	}
	if e.setting.Count > 2 { // the last share is no draw
		correlated("a draw depends on the one before", "randomised PIT, correlation at lag 1", Lag(u, 1))
	}
	if e.setting.Count > 3 {
		correlated("a draw depends on the second before", "randomised PIT, correlation at lag 2", Lag(u, 2))
	}
	correlated("a packet depends on the one before", "randomised PIT, correlation across packets", Across(u))
	return Draws{Density: Histogram(u), N: drawn}, ctx.Err()
}

// atMain files what is tested at the source's setting only.
func (e evidence) atMain(ctx context.Context, seed uint64, s *sheet, positions []Sample) (found, error) {
	n, count := len(e.splits), e.setting.Count
	closed, err := e.suspect.ClosedForm(e.setting.Total, count)
	if err != nil {
		return found{}, err
	}
	exactSD, apart := make([]float64, count), 0.0
	for k, m := range e.exact.Moments {
		exactSD[k] = m.SD
		apart = max(apart, math.Abs(m.SD-closed[k].SD))
	}
	_, spread := SpreadProfile(positions, exactSD, Alpha)
	s.accuse(e, Finding{
		Charge: "spread not as the closed form says", Claimed: true, Expected: Acquitted,
		Method: "variance by position, normal with fourth moment, Bonferroni",
		Detail: fmt.Sprintf("standard deviation %.3f at the first position, %.3f at the last; tested against the exact law, from which the closed form is at most %.4f away",
			math.Sqrt(positions[0].Variance), math.Sqrt(positions[count-1].Variance), apart),
	}, spread, func(alpha float64) string {
		return fmt.Sprintf("a standard deviation off by about %.2f %%", 100*seesDeviation(alpha, count)*math.Sqrt(e.kurtosis()-1)/2/math.Sqrt(float64(n)))
	})
	t := Serial(e.splits)
	s.accuse(e, Finding{
		Charge: "amounts depend on the packet before", Claimed: true, Expected: Acquitted,
		Method: "correlation of successive packets by position, Bonferroni",
		Detail: fmt.Sprintf("largest correlation %+.5f", t.Statistic/math.Sqrt(float64(t.N))),
	}, t, func(alpha float64) string {
		return fmt.Sprintf("a correlation of %.4f", seesDeviation(alpha, count)/math.Sqrt(float64(n)))
	})
	reference, err := e.reference(ctx, seed)
	if err != nil {
		return found{}, err
	}
	best, worst := Luck(e.splits, e.stream(seed, "ties"))
	refBest, refWorst := Luck(reference, e.stream(seed, "reference ties"))
	e.luck(s, best, worst, refBest, refWorst)

	ginis := Ginis(e.splits)
	gini := Bootstrap(ginis[:min(n, e.size.Bootstrapped)], e.size.Resamples, e.stream(seed, "bootstrap"))
	refGinis := Ginis(reference)
	_, variance := meanVariance(refGinis)
	refMean, _ := meanVariance(refGinis)
	s.accuse(e, Finding{
		Charge: "inequality not that of the ideal", Claimed: true, Expected: Acquitted,
		Method: "Welch's test of the Gini coefficients against a reference simulation",
		Detail: fmt.Sprintf("Gini %.4f (95 %% interval %.4f to %.4f), reference %.4f", gini.Value, gini.Low, gini.High, refMean),
	}, Welch(ginis, refGinis), func(alpha float64) string {
		return fmt.Sprintf("a Gini coefficient off by %.5f", seesDeviation(alpha, 1)*math.Sqrt(2*variance/float64(n)))
	})
	out := make([]Position, count)
	for k := range out {
		share := func(counts []int) float64 { return float64(counts[k]) / float64(n) }
		out[k] = Position{
			Mean: positions[k].Mean, SD: math.Sqrt(positions[k].Variance), ClosedSD: closed[k].SD,
			ExactMean: e.exact.Moments[k].Mean, ExactSD: e.exact.Moments[k].SD,
			Best: share(best), Worst: share(worst), ReferenceBest: share(refBest), ReferenceWorst: share(refWorst),
		}
	}
	return found{positions: out, gini: gini}, ctx.Err()
}

// luck files the tests of which position gets the best and the worst share.
func (e evidence) luck(s *sheet, best, worst, refBest, refWorst []int) {
	n, count := len(e.splits), e.setting.Count
	sees := func(samples float64) func(float64) string {
		return func(alpha float64) string {
			lambda := seesNoncentrality(alpha, count-1)
			return fmt.Sprintf("chances off by %.1f %% (root mean square)", 100*math.Sqrt(samples*lambda/float64(n)))
		}
	}
	for _, c := range []struct {
		what      string
		seen, ref []int
	}{{"best", best, refBest}, {"worst", worst, refWorst}} {
		low, high := n, 0
		for _, x := range c.seen {
			low, high = min(low, x), max(high, x)
		}
		detail := fmt.Sprintf("chances by position %.4f to %.4f, 1/n is %.4f", float64(low)/float64(n), float64(high)/float64(n), 1/float64(count))
		s.accuse(e, Finding{
			Charge: c.what + " luck not that of the ideal", Claimed: true, Expected: Acquitted,
			Method: "chi-square against a reference simulation", Detail: detail,
		}, Homogeneity(c.seen, c.ref), sees(2))
		equal := make([]float64, count)
		for k := range equal {
			equal[k] = 1 / float64(count)
		}
		expected := Convicted
		if e.suspect.Promise.Exchangeable {
			expected = Acquitted
		}
		s.accuse(e, Finding{
			Charge: c.what + chargeLuck, Claimed: e.suspect.Promise.Exchangeable, Expected: expected,
			Method: "chi-square against 1/n", Detail: detail,
		}, Goodness(c.seen, equal), sees(1))
	}
}

// reference draws as many packets from the independent ideal.
func (e evidence) reference(ctx context.Context, seed uint64) ([][]int, error) {
	ideal, ok := ideals()[e.suspect.Name()]
	if !ok {
		return nil, fmt.Errorf("allocator %s has no reference simulation: add one to ideals", e.suspect.Name())
	}
	rng := e.stream(seed, "reference")
	out := make([][]int, len(e.splits))
	for i := range out {
		out[i] = ideal(rng, e.setting.Total, e.setting.Count)
	}
	return out, ctx.Err()
}

// kurtosis is the largest fourth standardised moment over the positions, from the law.
func (e evidence) kurtosis() float64 {
	largest := 0.0
	for k, m := range e.exact.Moments {
		fourth := 0.0
		for x, p := range e.exact.Shares[k] {
			d := float64(x) - m.Mean
			fourth += p * d * d * d * d
		}
		largest = max(largest, fourth/(m.SD*m.SD*m.SD*m.SD))
	}
	return largest
}

func (e evidence) stream(seed uint64, purpose string) *rand.Rand {
	return generator(seed, e.suspect.Name(), e.setting.String(), purpose)
}
