package runner

import (
	"context"
	"sync"
)

// Ceiling is what the generator of this process can do at most, in messages and in plain
// requests per second, each found once and then believed by every run that is given it: a
// calibration takes the whole machine for more than a second, which runs beside it would feel. The
// zero value is ready; it may be shared by runs at the same time, of which one
// calibrates while the others wait.
type Ceiling struct {
	mu             sync.Mutex
	messages, gets float64
}

// find calibrates for one of the two, unless that was done.
func (c *Ceiling) find(ctx context.Context, gets bool, calibrate func(context.Context) (float64, error)) (float64, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	known := &c.messages
	if gets {
		known = &c.gets
	}
	if *known > 0 {
		return *known, nil
	}
	perS, err := calibrate(ctx)
	if err == nil {
		*known = perS
	}
	return perS, err
}
