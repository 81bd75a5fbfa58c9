// Package chaos owns the life of a fault: the contract a fault fulfils, the
// guard that keeps its steps in order, the schedule that places faults on a
// run's time line, and the injector that runs the schedule and always recovers.
package chaos

import (
	"context"
	"time"
)

// Target names a component or a link of a topology, such as "oaserver" or
// "oaserver-carrier". It is the vocabulary of the blast radius.
type Target string

// Fault is one cause that can be put into the system and taken out again (CHA-1, CHA-2,
// CHA-4). Inject and Recover act. AwaitEffect and AwaitHealed only observe the target,
// because an injected fault is not yet in effect. Every method returns when ctx ends.
// Recover must be safe after an Inject that failed half-way.
type Fault interface {
	Name() string
	Target() Target
	Inject(ctx context.Context) error
	AwaitEffect(ctx context.Context) error
	Recover(ctx context.Context) error
	AwaitHealed(ctx context.Context) error
}

// Entry places one fault on the time line of a run: At after its base, For long.
type Entry struct {
	Fault Fault
	At    time.Duration
	For   time.Duration
}

// Schedule is the faults of one run. Entries may overlap.
type Schedule []Entry

// Window is the outcome of an entry, relative to the base of the run. From is when the
// fault was seen in effect, To when its recovery was asked for, Healed when the recovery
// was seen. Each is zero if it never came.
type Window struct {
	Fault       string
	Target      Target
	PlannedFrom time.Duration
	PlannedTo   time.Duration
	Begun       time.Duration // its injection; 0: never
	From        time.Duration
	To          time.Duration
	Healed      time.Duration
	Err         error
}
