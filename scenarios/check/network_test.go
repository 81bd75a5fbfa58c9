package check

import (
	"math"
	"strings"
	"testing"

	"oalab/scenarios/figure"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// measuredNetwork is a network on which a message of s bytes takes 20 µs + s/125 MB/s one
// way, and a stream runs at 1 Gbit/s or the sender's 500 000 messages a second.
func measuredNetwork() *history.Arm {
	a := lab.New().Arm
	var batches []history.NetworkBatch
	for size := 1; size <= 1<<20; size *= 4 {
		for batch := range 5 {
			one := (20e-6 + float64(size)/125e6) * (1 + 0.01*float64(batch-2))
			n := 200
			batches = append(batches, history.NetworkBatch{
				Mode: history.NetworkPingPong, Size: size, Messages: n, Received: int64(n * size), Seconds: 2 * one * float64(n), P50S: one, P99S: 2 * one,
			}, history.NetworkBatch{
				Mode: history.NetworkStream, Size: size, Messages: n, Received: int64(n * size), Seconds: float64(n) * max(2e-6, float64(size)/125e6),
			})
		}
	}
	history.NetworkEvidence.Set(a, batches)
	return a
}

func TestNetwork(t *testing.T) {
	c := Network{Largest: 1 << 20, MinExchanges: 500}
	for name, tc := range map[string]struct {
		plant func(*history.Arm)
		want  history.Verdict
		says  string
	}{
		"whole":                        {func(*history.Arm) {}, history.Pass, "11 sizes"},
		"bytes lost":                   {func(a *history.Arm) { history.NetworkEvidence.Of(a)[7].Received-- }, history.Fail, "bytes received"},
		"bytes twice":                  {func(a *history.Arm) { history.NetworkEvidence.Of(a)[20].Received *= 2 }, history.Fail, "bytes received"},
		"a size is missing":            {func(a *history.Arm) { history.NetworkEvidence.Set(a, history.NetworkEvidence.Of(a)[:100]) }, history.Inconclusive, "1048576 bytes were not measured"},
		"too few":                      {func(a *history.Arm) { shorten(a, 1, 10) }, history.Inconclusive, "of 1 bytes"},
		"nothing":                      {func(a *history.Arm) { history.NetworkEvidence.Set(a, nil) }, history.Inconclusive, "not measured"},
		"slower without waiting":       {func(a *history.Arm) { slow(a, history.NetworkStream, 64, 1000) }, history.Fail, "without waiting"},
		"the large as quick as little": {func(a *history.Arm) { slow(a, history.NetworkPingPong, 1<<20, 1e-4) }, history.Fail, "take"},
	} {
		a := measuredNetwork()
		tc.plant(a)
		if got := c.Check(a); got.Verdict != tc.want || !strings.Contains(got.Detail, tc.says) {
			t.Errorf("%s: %+v, want %s with %q", name, got, tc.want, tc.says)
		}
	}
	figures := figure.All(measuredNetwork(), nil)
	if f := figureOf(figures, "network_latency_s"); math.Abs(f.Value-20e-6) > 1e-7 || f.CILow == nil || f.N != 1000 {
		t.Errorf("network_latency_s is %+v, want 20 µs", f)
	}
	if f := figureOf(figures, "network_peak_mbit_s"); math.Abs(f.Value-1000) > 10 {
		t.Errorf("network_peak_mbit_s is %+v, want 1000", f)
	}
}

// shorten leaves so many messages in each batch of a size.
func shorten(a *history.Arm, size, n int) {
	batches := history.NetworkEvidence.Of(a)
	for i := range batches {
		if b := &batches[i]; b.Size == size {
			b.Seconds *= float64(n) / float64(b.Messages)
			b.Messages, b.Received = n, int64(n*size)
		}
	}
}

// slow makes the batches of a size take so many times as long.
func slow(a *history.Arm, mode string, size int, times float64) {
	batches := history.NetworkEvidence.Of(a)
	for i := range batches {
		if b := &batches[i]; b.Size == size && b.Mode == mode {
			b.Seconds *= times
		}
	}
}
