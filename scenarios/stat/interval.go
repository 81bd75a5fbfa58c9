package stat

import "math"

// Interval is a value with the interval in which the true value lies, at the confidence
// that the function names which makes it. An end of NaN is not known.
type Interval struct{ Value, Low, High float64 }

// Unknown is the interval of a value that was not observed: all three are NaN.
func Unknown() Interval {
	return Interval{Value: math.NaN(), Low: math.NaN(), High: math.NaN()}
}

// Bootstrap is a value with the interval that holds 95 % of what was drawn for it. Without
// draws the ends are NaN.
func Bootstrap(value float64, drawn []float64) Interval {
	sorted := Ascending(drawn)
	return Interval{Value: value, Low: Quantile(sorted, 0.025), High: Quantile(sorted, 0.975)}
}

// BootstrapRatio is a divided by b, with the interval of the ratios of their draws. Draw i
// of a belongs to draw i of b; drawnB is at least as long as drawnA.
func BootstrapRatio(a, b Interval, drawnA, drawnB []float64) Interval {
	drawn := make([]float64, len(drawnA))
	for i := range drawn {
		drawn[i] = drawnA[i] / drawnB[i]
	}
	return Bootstrap(a.Value/b.Value, drawn)
}
