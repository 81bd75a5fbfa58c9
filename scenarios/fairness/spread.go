package fairness

import "math"

// Band is one position of a spread profile: the standard deviation seen, the one
// wanted, and the interval around the wanted one in which that seen must lie.
type Band struct {
	SD   float64 `json:"sd"`
	Want float64 `json:"want"`
	Low  float64 `json:"low"`
	High float64 `json:"high"`
}

// SpreadProfile compares the variance of each position with a closed form, and not with the
// other positions: later positions draw from the remainder and scatter more. The intervals
// are simultaneous at level alpha: normal, with the sampling variance (m₄ − s⁴)/n of a
// variance, each at alpha over the number of positions.
func SpreadProfile(positions []Sample, sd []float64, alpha float64) ([]Band, Test) {
	bands := make([]Band, len(positions))
	t := Test{P: 1}
	crit := quantile(1 - alpha/2/float64(max(1, len(positions))))
	for k, s := range positions {
		want := sd[k] * sd[k]
		se := math.Sqrt(max(0, s.Fourth-s.Variance*s.Variance) / float64(s.N))
		t.N = s.N
		t.Statistic = max(t.Statistic, math.Abs(score(s.Variance-want, se)))
		bands[k] = Band{
			SD: math.Sqrt(s.Variance), Want: sd[k],
			Low: math.Sqrt(max(0, want-crit*se)), High: math.Sqrt(want + crit*se),
		}
	}
	t.P = min(1, float64(len(positions))*twoSided(t.Statistic))
	return bands, t
}
