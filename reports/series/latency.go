package series

import (
	"math"

	"github.com/HdrHistogram/hdrhistogram-go"

	"oalab/scenarios/account"
)

// Latency is how long followers waited, from when an operation was due (without
// coordinated omission) beside from when it was sent. Intervals and whole come from
// one recording: the histogram of an interval is merged into that of the run.
type Latency struct {
	Due, Sent         []Percentiles // one for each interval, by when operations were due
	AllDue, AllSent   Distribution
	MeanDue, MeanSent float64 // exact, in seconds; 0 without observations
}

// Percentiles describes the operations due in one interval, in seconds. With N = 0
// the others mean nothing.
type Percentiles struct {
	FromS              float64
	N                  int
	P50, P90, P99, Max float64
}

// Range and precision of the histograms: 1 µs to 1 h, three significant digits.
const (
	perSecond = 1e6
	longest   = int64(3600 * perSecond)
	digits    = 3
)

func latency(observed []account.Observed, cut Cut) Latency {
	due, sent := make([][]float64, cut.N), make([][]float64, cut.N)
	for _, o := range observed {
		i, ok := cut.at(o.DueS)
		if !ok {
			continue
		}
		if v, known := o.DueLatency(); known {
			due[i] = append(due[i], v)
		}
		if v, known := o.SentLatency(); known {
			sent[i] = append(sent[i], v)
		}
	}
	var l Latency
	l.Due, l.AllDue, l.MeanDue = record(due, cut)
	l.Sent, l.AllSent, l.MeanSent = record(sent, cut)
	return l
}

// record fills one histogram for each interval and merges it into that of the whole.
func record(values [][]float64, cut Cut) (over []Percentiles, all Distribution, mean float64) {
	whole, interval := hdrhistogram.New(1, longest, digits), hdrhistogram.New(1, longest, digits)
	sum := 0.0
	for i, part := range values {
		p := Percentiles{FromS: cut.From(i), N: len(part)}
		for _, v := range part {
			sum += v
			_ = interval.RecordValue(micros(v)) // inside the range by construction
		}
		if p.N > 0 {
			at := func(q float64) float64 { return float64(interval.ValueAtPercentile(q)) / perSecond }
			p.P50, p.P90, p.P99, p.Max = at(50), at(90), at(99), float64(interval.Max())/perSecond
			whole.Merge(interval)
			interval.Reset()
		}
		over = append(over, p)
	}
	if n := whole.TotalCount(); n > 0 {
		mean = sum / float64(n)
	}
	return over, Distribution{whole}, mean
}

func micros(s float64) int64 { return min(max(int64(math.Round(s*perSecond)), 1), longest) }

// Distribution is the recorded distribution of a latency, exact to three digits. The
// zero value is empty.
type Distribution struct{ h *hdrhistogram.Histogram }

// Distributed records values given in seconds.
func Distributed(seconds ...float64) Distribution {
	h := hdrhistogram.New(1, longest, digits)
	for _, v := range seconds {
		_ = h.RecordValue(micros(v)) // inside the range by construction
	}
	return Distribution{h}
}

// N is the number of observations.
func (d Distribution) N() int {
	if d.h == nil {
		return 0
	}
	return int(d.h.TotalCount())
}

// Quantile is the value in seconds that the share q of the observations are not above.
func (d Distribution) Quantile(q float64) float64 {
	if d.N() == 0 {
		return math.NaN()
	}
	return float64(d.h.ValueAtPercentile(100*q)) / perSecond
}

// Point says that the share Share of all observations are not above ValueS seconds.
type Point struct{ ValueS, Share float64 }

// Points are the observed values in rising order with their cumulative shares; the
// last share is 1.
func (d Distribution) Points() []Point {
	n := d.N()
	if n == 0 {
		return nil
	}
	var out []Point
	seen := int64(0)
	for _, bar := range d.h.Distribution() {
		if bar.Count == 0 {
			continue
		}
		seen += bar.Count
		out = append(out, Point{ValueS: float64(bar.To) / perSecond, Share: float64(seen) / float64(n)})
	}
	return out
}
