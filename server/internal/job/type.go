package job

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"
)

// Kind says what a job asks for; it chooses the handler.
type Kind string

// Type is one kind of job. The feature that has the handler declares it, and this is the
// only place that says what is special about the kind: queues, relay and worker are sized
// from the list of types.
type Type struct {
	Kind Kind
	// Queue is the name of the queue that carries jobs of this kind and of no other, so that
	// a flood of one kind cannot hold up another.
	Queue string
	// Places is how many jobs of this kind are worked at at once in one process.
	Places int
	// RepeatHarmless says that a job which is done once more has no second effect that a
	// follower or the carrier could see.
	RepeatHarmless bool

	// Handle does one attempt at a job. nil ends the job; an error made by GiveUp buries it;
	// any other error, a panic included, is a failed attempt. It must return soon after ctx
	// ends, and must bear being called twice.
	Handle func(ctx context.Context, env Envelope) error
	// End is called when the attempts at a job have ended, with the last cause, before the
	// job is buried: it sees to it that what was promised with the job is not lost. nil ends
	// the job without a dead letter; an error made by GiveUp buries it; after any other one
	// the job is given back, and the end comes again. It must bear being called twice. A
	// type without End buries its jobs.
	End func(ctx context.Context, env Envelope, cause error) error
}

// New makes a job of this type: ref names the cause (a serial, a message key) and, with the
// kind, makes the key. The error is that of encoding the payload.
func (t Type) New(ref string, payload any, at time.Time) (Envelope, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode payload of %s job %s: %w", t.Kind, ref, err)
	}
	return Envelope{Key: string(t.Kind) + ":" + ref, Kind: t.Kind, Queue: t.Queue, Payload: body, Created: at}, nil
}

// Catalogue is all types of a process.
type Catalogue []Type

// Validate refuses a type without kind or queue, and a kind or queue that two types have.
func (c Catalogue) Validate() error {
	var faults []error
	kinds, queues := make(map[Kind]bool), make(map[string]bool)
	for _, t := range c {
		switch {
		case t.Kind == "" || t.Queue == "":
			faults = append(faults, fmt.Errorf("job type %q: it needs a kind and a queue", t.Kind))
		case kinds[t.Kind]:
			faults = append(faults, fmt.Errorf("job type %q: two types have this kind", t.Kind))
		case queues[t.Queue]:
			faults = append(faults, fmt.Errorf("job type %q: another type has the queue %s", t.Kind, t.Queue))
		}
		kinds[t.Kind], queues[t.Queue] = true, true
	}
	return errors.Join(faults...)
}

// Handled returns the types with the handlers that given has for them. A type without a
// handler, a handler of a type that is not declared here, and two of one kind are errors:
// otherwise jobs of the kind would wait for ever, or one handler would hide the other.
func (c Catalogue) Handled(given Catalogue) (Catalogue, error) {
	var faults []error
	handlers := make(map[Kind]Type)
	for _, t := range given {
		if _, declared := c.Find(t.Kind); !declared {
			faults = append(faults, fmt.Errorf("job type %q: it has a handler and is not declared", t.Kind))
		}
		if _, doubled := handlers[t.Kind]; doubled {
			faults = append(faults, fmt.Errorf("job type %q: it has two handlers", t.Kind))
		}
		handlers[t.Kind] = t
	}
	handled := make(Catalogue, 0, len(c))
	for _, t := range c {
		t.Handle, t.End = handlers[t.Kind].Handle, handlers[t.Kind].End
		if t.Handle == nil {
			faults = append(faults, fmt.Errorf("job type %q: it is declared and has no handler", t.Kind))
		}
		handled = append(handled, t)
	}
	return handled, errors.Join(faults...)
}

// Find returns the type of a kind; false when there is none.
func (c Catalogue) Find(k Kind) (Type, bool) {
	for _, t := range c {
		if t.Kind == k {
			return t, true
		}
	}
	return Type{}, false
}

// Kinds lists the kinds in the order of the catalogue.
func (c Catalogue) Kinds() []Kind {
	kinds := make([]Kind, 0, len(c))
	for _, t := range c {
		kinds = append(kinds, t.Kind)
	}
	return kinds
}

// Queues lists the queues in the order of the catalogue.
func (c Catalogue) Queues() []string {
	queues := make([]string, 0, len(c))
	for _, t := range c {
		queues = append(queues, t.Queue)
	}
	return queues
}

// Places is how many jobs are worked at at once, by the name of their queue.
func (c Catalogue) Places() map[string]int {
	places := make(map[string]int, len(c))
	for _, t := range c {
		places[t.Queue] = t.Places
	}
	return places
}
