package account

import (
	"math"

	"oalab/scenarios/stat"
)

// waits are how long a server was waited for, and the sums of each part of the run.
type waits struct {
	all []float64
	sum [batches]float64
	n   [batches]int
}

// add takes a wait that began when so much of the run was over.
func (w *waits) add(over, tookS float64) {
	i := min(max(int(over*batches), 0), batches-1)
	w.all = append(w.all, tookS)
	w.sum[i] += tookS
	w.n[i]++
}

// meanT is the quantile 0.975 of Student's law with one degree of freedom fewer than batches.
const meanT = 2.2622

func (w *waits) mean() stat.Interval {
	if len(w.all) == 0 {
		return stat.Unknown()
	}
	sum, means := 0.0, 0.0
	for i := range w.sum {
		sum += w.sum[i]
		means += w.sum[i] / float64(w.n[i]) / batches // NaN for an empty part
	}
	squares := 0.0
	for i := range w.sum {
		off := w.sum[i]/float64(w.n[i]) - means
		squares += off * off
	}
	mean, half := sum/float64(len(w.all)), meanT*math.Sqrt(squares/(batches-1)/batches)
	return stat.Interval{Value: mean, Low: max(0, mean-half), High: mean + half}
}

func (w *waits) p99() stat.Interval {
	if len(w.all) == 0 {
		return stat.Unknown()
	}
	sorted := stat.Ascending(w.all)
	p := stat.Interval{Value: stat.Quantile(sorted, 0.99), Low: math.NaN(), High: math.NaN()}
	if low, high, ok := stat.QuantileInterval(sorted, 0.99); ok {
		p.Low, p.High = low, high
	}
	return p
}
