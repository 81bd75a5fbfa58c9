package scenarios

import (
	"time"

	"oalab/scenarios/check"
)

// An operator changes the answer of a keyword, while messages to each server and to the
// service ask for it all the time (STO-7). While Redis carries the news of a change, every
// answer is new within freshWithinS. Without Redis the server's own bound holds, which the
// checker knows.
const (
	updateEvery  = 500 * time.Millisecond
	freshWithinS = 0.2
)

// fresh compares the answers that were read with those that had been written.
var fresh = check.ReadYourWrites{Reads: 50, Writes: 20}

// withUpdates lets the keyword change under a load.
func withUpdates(l Load, err error) (Load, error) {
	l.Updates = updateEvery
	return l, err
}
