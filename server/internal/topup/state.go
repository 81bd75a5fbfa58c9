package topup

import (
	"fmt"
	"slices"
)

// State is how far a top-up has come.
//
//	created   ──► paid, closed
//	closed    ──► paid (money that comes late is money)
//	paid      ──► sent; done, refunding (the order's end was heard first)
//	sent      ──► done, refunding
//	refunding ──► refunded
type State string

// The states of a top-up.
const (
	StateCreated   State = "created"   // the follower can pay
	StateClosed    State = "closed"    // it was not paid in time
	StatePaid      State = "paid"      // the money came in
	StateSent      State = "sent"      // the carrier's order is accepted
	StateDone      State = "done"      // the number has the money
	StateRefunding State = "refunding" // the carrier has refused
	StateRefunded  State = "refunded"  // the follower has the money back
)

// States returns all states, in the order of a top-up's life.
func States() []State {
	return []State{StateCreated, StateClosed, StatePaid, StateSent, StateDone, StateRefunding, StateRefunded}
}

// moves is the state machine.
var moves = map[State][]State{
	StateCreated:   {StatePaid, StateClosed},
	StateClosed:    {StatePaid},
	StatePaid:      {StateSent, StateDone, StateRefunding},
	StateSent:      {StateDone, StateRefunding},
	StateRefunding: {StateRefunded},
}

// From returns the states from which a top-up may go to one.
func From(to State) (from []State) {
	for _, s := range States() {
		if slices.Contains(moves[s], to) {
			from = append(from, s)
		}
	}
	return from
}

// Move checks that a top-up may go from one state to another.
func Move(from, to State) error {
	if slices.Contains(moves[from], to) {
		return nil
	}
	return fmt.Errorf("a top-up cannot go from %s to %s", from, to)
}

// Open reports whether money came in that is neither done nor refunded.
func (s State) Open() bool { return s == StatePaid || s == StateSent || s == StateRefunding }

// Paid reports whether money came in.
func (s State) Paid() bool { return s.Open() || s == StateDone || s == StateRefunded }
