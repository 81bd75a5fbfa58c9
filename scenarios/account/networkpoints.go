package account

import (
	"math"
	"slices"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// NetworkPoint is what a network did with messages of one size (SCN-4). Intervals are of
// 95 %, by batch means.
type NetworkPoint struct {
	Size int // bytes
	// LatencyS is the time of a message one way: half of the mean there and back.
	LatencyS   stat.Interval
	P50S, P99S float64 // the middle of the batches'
	// PingPongMbitS is the throughput when each message is waited for, StreamMbitS when
	// none is; in 10⁶ bits.
	PingPongMbitS, StreamMbitS stat.Interval
	Exchanges, Streamed        int // messages
	Batches                    int // of the mode with fewer
}

// networkT is the quantile 0.975 of Student's law for the five batches that are made.
const networkT = 2.7764

// NetworkPoints are the sizes that were measured, in order.
func NetworkPoints(a *history.Arm) []NetworkPoint {
	var sizes []int
	batches := history.NetworkEvidence.Of(a)
	for _, b := range batches {
		if !slices.Contains(sizes, b.Size) {
			sizes = append(sizes, b.Size)
		}
	}
	slices.Sort(sizes)
	out := make([]NetworkPoint, len(sizes))
	for i, size := range sizes {
		p := &out[i]
		p.Size = size
		var latency, bounced, streamed, p50, p99 []float64
		for _, b := range batches {
			if b.Size != size || b.Messages < 1 || b.Seconds <= 0 {
				continue
			}
			switch b.Mode {
			case history.NetworkPingPong:
				one := b.Seconds / float64(b.Messages) / 2
				latency, bounced = append(latency, one), append(bounced, 8e-6*float64(size)/one)
				p50, p99 = append(p50, b.P50S), append(p99, b.P99S)
				p.Exchanges += b.Messages
			case history.NetworkStream:
				streamed = append(streamed, 8e-6*float64(b.Received)/b.Seconds)
				p.Streamed += b.Messages
			}
		}
		p.LatencyS, p.PingPongMbitS, p.StreamMbitS = ofBatches(latency), ofBatches(bounced), ofBatches(streamed)
		p.P50S, p.P99S = stat.Quantile(stat.Ascending(p50), 0.5), stat.Quantile(stat.Ascending(p99), 0.5)
		p.Batches = min(len(latency), len(streamed))
	}
	return out
}

// ofBatches is the mean of batches with its interval; NaN without any.
func ofBatches(values []float64) stat.Interval {
	n := float64(len(values))
	if n == 0 {
		return stat.Unknown()
	}
	mean, squares := 0.0, 0.0
	for _, v := range values {
		mean += v / n
	}
	for _, v := range values {
		squares += (v - mean) * (v - mean)
	}
	half := 0.0
	if n > 1 {
		half = networkT * math.Sqrt(squares/(n-1)/n)
	}
	return stat.Interval{Value: mean, Low: mean - half, High: mean + half}
}
