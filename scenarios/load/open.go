package load

import (
	"context"
	"errors"
	"fmt"
	"math"
	"time"

	"oalab/scenarios/load/pacing"
	"oalab/scenarios/load/profile"
)

// OperationSpan is how long a message can hold a worker: three tries that start 5 s apart
// and last 5 s each.
const OperationSpan = 15 * time.Second

// maxWorkers bounds the workers that can be asked for: each is a goroutine.
const maxWorkers = 1 << 20

// WorkersFor is how many workers a profile needs so that none of its arrivals waits for a
// worker, even if every operation takes the longest time possible.
func WorkersFor(p profile.Profile, span time.Duration) int {
	return int(math.Ceil(p.Peak() * span.Seconds()))
}

// Open offers the arrivals of a profile and does not wait for their answers.
type Open struct {
	Common
	Profile profile.Profile // required
	// MaxWorkers bounds the operations in flight; workers are started when they are needed.
	// 0 means WorkersFor messages. With fewer workers, arrivals start late when the system
	// is slow. Latency still counts from the due time (REP-3).
	MaxWorkers int
	// Grace is how long after the profile's end arrivals that are late may still be
	// sent. Those that are left then are dropped, and counted. 0 means DefaultGrace.
	Grace time.Duration
}

// Run offers the profile and returns when every operation has ended. When ctx ends
// it stops the arrivals, waits for what is in flight, within its bound, and returns
// what there is: that is no error. An error means a load that could not be offered
// or recorded; the summary counts what was sent until then.
func (o Open) Run(ctx context.Context) (Summary, error) {
	if err := o.validate(); err != nil {
		return Summary{}, err
	}
	if o.Grace == 0 {
		o.Grace = DefaultGrace
	}
	if o.MaxWorkers == 0 {
		o.MaxWorkers = max(1, WorkersFor(o.Profile, OperationSpan))
	}
	if o.MaxWorkers > maxWorkers {
		return Summary{}, fmt.Errorf("load: %d workers are more than one process should have (%d): set MaxWorkers or lower the peak rate", o.MaxWorkers, maxWorkers)
	}
	a := &attack{
		Common: o.Common, workers: 1, arrivals: newSchedule(o.Profile, o.MaxWorkers),
		limit: o.Profile.Length() + o.Grace,
		lateBy: func(seq uint64, start time.Duration) bool {
			at, ok := o.Profile.At(seq)
			return ok && (start-at).Seconds() > pacing.LateAfterS
		},
	}
	sum, err := a.run(ctx)
	sum.Scheduled = int(profile.Count(o.Profile))
	sum.Dropped = sum.Scheduled - sum.Started
	return sum, err
}

func (o *Open) validate() error {
	if err := o.Common.validate(); err != nil {
		return err
	}
	switch {
	case o.Profile == nil:
		return errors.New("load: a profile is needed")
	case profile.Count(o.Profile) == 0:
		return errors.New("load: the profile has no arrival")
	case o.MaxWorkers < 0 || o.Grace < 0:
		return errors.New("load: MaxWorkers and Grace must not be negative")
	}
	return nil
}
