package network

import (
	"math/rand/v2"
	"sync/atomic"
	"time"

	"github.com/Shopify/toxiproxy/v2/toxics"
)

// latencyType is how Toxiproxy knows latencyToxic.
const latencyType = "oalab_latency"

// latencyToxic is a latency with seeded jitter and figures finer than 1 ms. The latency of
// Toxiproxy itself draws its jitter from the global source and has whole milliseconds.
type latencyToxic struct {
	Latency time.Duration `json:"latency_ns"`
	Jitter  time.Duration `json:"jitter_ns"`
	Seed    uint64        `json:"seed"`

	connections atomic.Uint64
}

// NewState gives a connection its own source, so that connections do not take
// each other's draws.
func (t *latencyToxic) NewState() any {
	return rand.New(rand.NewPCG(t.Seed, t.connections.Add(1)))
}

// GetBufferSize lets that many chunks wait at once, as the original does.
func (t *latencyToxic) GetBufferSize() int { return 1024 }

// Pipe hands on each chunk when its time has come. A change of the fault hands
// on the waiting chunk at once: no byte is lost.
func (t *latencyToxic) Pipe(stub *toxics.ToxicStub) {
	rng, ok := stub.State.(*rand.Rand)
	if !ok {
		rng = rand.New(rand.NewPCG(t.Seed, 0))
	}
	for {
		select {
		case <-stub.Interrupt:
			return
		case c := <-stub.Input:
			if c == nil {
				stub.Close()
				return
			}
			delay := t.Latency
			if t.Jitter > 0 {
				delay += time.Duration(rng.Int64N(2*int64(t.Jitter)+1)) - t.Jitter
			}
			timer := time.NewTimer(delay - time.Since(c.Timestamp))
			select {
			case <-timer.C:
				c.Timestamp = time.Now() // for another latency behind this one
				stub.Output <- c
			case <-stub.Interrupt:
				timer.Stop()
				stub.Output <- c
				return
			}
		}
	}
}
