package business

import (
	"fmt"
	"slices"
)

// State is how far an order has come.
//
//	accepted ──► sent
//	sent     ──► done, failed; queued (surely not sent); unknown (no answer)
//	queued   ──► sent
//	accepted, queued ──► failed, where the follower cancels it
//	unknown  ──► done, failed; sent (the carrier has not got it); unknown (no answer again)
//
// sent is written before the carrier is called, so that an order found as sent
// by another worker may have been applied: it becomes unknown and is asked for by
// its serial before it is sent again.
type State string

// The states of an order.
const (
	StateAccepted State = "accepted" // stored with its job, which is in the outbox or in the queue
	StateQueued   State = "queued"   // given back to the queue; the carrier has surely not got it
	StateSent     State = "sent"     // a call to the carrier may be under way
	StateUnknown  State = "unknown"  // a call ended without an answer: it may be applied
	StateDone     State = "done"
	StateFailed   State = "failed" // the carrier refused it
)

// States returns all states, in the order of an order's life.
func States() []State {
	return []State{StateAccepted, StateQueued, StateSent, StateUnknown, StateDone, StateFailed}
}

// Unfinished returns the states from which an order still has somewhere to go.
func Unfinished() []State {
	return []State{StateAccepted, StateQueued, StateSent, StateUnknown}
}

// Finished reports whether the state is an end.
func (s State) Finished() bool { return s == StateDone || s == StateFailed }

// moves is the state machine.
var moves = map[State][]State{
	StateAccepted: {StateSent, StateFailed},
	StateQueued:   {StateSent, StateFailed},
	StateSent:     {StateQueued, StateUnknown, StateDone, StateFailed},
	StateUnknown:  {StateUnknown, StateSent, StateDone, StateFailed},
}

// Move checks that an order may go from one state to another.
func Move(from, to State) error {
	if slices.Contains(moves[from], to) {
		return nil
	}
	return fmt.Errorf("an order cannot go from %s to %s", from, to)
}

// Claimed is the state that a worker's claim puts an order into: sent when the
// carrier surely has not got it, unknown when it may have.
func (s State) Claimed() State {
	if s == StateSent || s == StateUnknown {
		return StateUnknown
	}
	return StateSent
}

// unsent is the state in which a claimed order is given back that was not sent now.
func (s State) unsent() State {
	if s == StateSent {
		return StateQueued
	}
	return s
}
