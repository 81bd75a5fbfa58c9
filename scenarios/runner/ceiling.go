package runner

import (
	"context"
	"sync"

	"oalab/scenarios/history"
	"oalab/scenarios/machine"
)

// Ceiling holds the capacity of this machine: how fast it is, and how many messages,
// plain requests and visits per second the generator of this process can make at most. Each is
// measured once and then used by every run that shares it. Otherwise the calibration of one
// run, which takes the whole machine for about a second, would disturb the others. The zero
// value is ready. Runs at the same time may share it: one calibrates while the others wait.
type Ceiling struct {
	mu    sync.Mutex
	perS  map[operation]float64
	speed []history.SpeedPart
}

// fast times the machine, unless that was done.
func (c *Ceiling) fast(ctx context.Context, dir string) ([]history.SpeedPart, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.speed != nil {
		return c.speed, nil
	}
	speed, err := machine.Speed(ctx, dir)
	if err == nil {
		c.speed = speed
	}
	return speed, err
}

// find calibrates for one kind of operations, unless that was done.
func (c *Ceiling) find(ctx context.Context, kind operation, calibrate func(context.Context) (float64, error)) (float64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if known := c.perS[kind]; known > 0 {
		return known, nil
	}
	perS, err := calibrate(ctx)
	if err == nil {
		if c.perS == nil {
			c.perS = map[operation]float64{}
		}
		c.perS[kind] = perS
	}
	return perS, err
}
