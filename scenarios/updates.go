package scenarios

import (
	"time"

	"oalab/scenarios/check"
)

// A keyword is changed by an operator and asked for all the time, of each server and of
// the service (STO-7). While Redis carries the news of a change, it is there after the
// time of freshWithinS; whatever breaks, after the server's own bound, which the checker
// holds.
const (
	updateEvery  = 500 * time.Millisecond
	freshWithinS = 0.2
)

// fresh holds what was read of it against what had been written.
var fresh = check.ReadYourWrites{Reads: 50, Writes: 20}

// withUpdates lets the keyword change under a load.
func withUpdates(l Load, err error) (Load, error) {
	l.Updates = updateEvery
	return l, err
}
