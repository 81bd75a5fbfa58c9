package load

import (
	"context"
	"errors"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// Closed is a load of clients. Each client sends its next operation when it has the answer
// to the last one. The load shrinks when the system slows down, so it measures throughput
// and not waiting times.
type Closed struct {
	Common
	Clients int // required
	// Requests and For end the load, whichever comes first; one must be set.
	Requests int
	For      time.Duration

	each func(*vegeta.Result)
}

// Run works as Open.Run does. Nothing is scheduled in a closed load, so Scheduled
// counts what was started, and nothing is late or dropped.
func (c Closed) Run(ctx context.Context) (Summary, error) {
	if err := c.validate(); err != nil {
		return Summary{}, err
	}
	a := &attack{
		Common: c.Common, workers: c.Clients, arrivals: &clients{bench: newBench(), requests: uint64(c.Requests)},
		limit: c.For, each: c.each,
	}
	sum, err := a.run(ctx)
	sum.Scheduled = sum.Started
	return sum, err
}

func (c *Closed) validate() error {
	if err := c.Common.validate(); err != nil {
		return err
	}
	switch {
	case c.Clients < 1 || c.Clients > maxWorkers:
		return errors.New("load: a closed load needs at least one client")
	case c.Requests < 0 || c.For < 0 || c.Requests == 0 && c.For == 0:
		return errors.New("load: a closed load needs an end: Requests or For")
	}
	return nil
}

// clients send one operation after another.
type clients struct {
	bench
	requests uint64 // in all; 0: without end
	sent     uint64
}

func (c *clients) next(*worker) (turn, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.requests > 0 && c.sent >= c.requests {
		c.close()
	}
	if c.over {
		return turn{}, false
	}
	t := turn{c.sent, time.Since(c.base)}
	c.sent++
	return t, true
}

func (c *clients) started() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return int(c.sent)
}

func (c *clients) due(time.Duration) (now, all int) { return 0, int(c.requests) }
