package network

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Shopify/toxiproxy/v2/stream"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/google/go-cmp/cmp"
)

// delays sends chunks one by one through a latency toxic and measures each.
func delays(t *testing.T, seed uint64, n int) []time.Duration {
	t.Helper()
	var took []time.Duration
	synctest.Test(t, func(*testing.T) {
		toxic := &latencyToxic{Latency: 100 * ms, Jitter: 40 * ms, Seed: seed}
		in, out := make(chan *stream.StreamChunk), make(chan *stream.StreamChunk)
		stub := toxics.NewToxicStub(in, out)
		stub.State = toxic.NewState()
		go toxic.Pipe(stub)
		for range n {
			begin := time.Now()
			in <- &stream.StreamChunk{Data: []byte("x"), Timestamp: begin}
			<-out
			took = append(took, time.Since(begin))
		}
		close(in)
		<-out
	})
	return took
}

func TestLatencyJitterFollowsTheSeed(t *testing.T) {
	t.Parallel()
	a, b, other := delays(t, 1, 500), delays(t, 1, 500), delays(t, 2, 500)
	if diff := cmp.Diff(a, b); diff != "" {
		t.Errorf("the same seed draws differently:\n%s", diff)
	}
	if cmp.Equal(a, other) {
		t.Error("another seed draws the same")
	}
	low, high := slices.Min(a), slices.Max(a)
	if low < 60*ms || low > 65*ms || high > 140*ms || high < 135*ms {
		t.Errorf("delays from %v to %v, want about 60 to 140 ms", low, high)
	}
	var sum time.Duration
	for _, d := range a {
		sum += d
	}
	if mean := sum / 500; mean < 95*ms || mean > 105*ms {
		t.Errorf("mean delay %v, want about 100 ms", mean)
	}
}

// An interrupted toxic hands on the waiting chunk at once and loses nothing.
func TestLatencyInterruptedLosesNothing(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		toxic := &latencyToxic{Latency: time.Hour}
		in, out := make(chan *stream.StreamChunk), make(chan *stream.StreamChunk)
		stub := toxics.NewToxicStub(in, out)
		go stub.Run(&toxics.ToxicWrapper{Toxic: toxic, Toxicity: 1})
		begin := time.Now()
		in <- &stream.StreamChunk{Data: []byte("kept"), Timestamp: begin}
		go stub.InterruptToxic()
		if c := <-out; string(c.Data) != "kept" || time.Since(begin) != 0 {
			t.Errorf("got %q after %v", c.Data, time.Since(begin))
		}
	})
}
