package server

import (
	"context"

	"oalab/server/internal/part"
)

// draining is a queue that can take no more from its broker and wait for what was received:
// what it has not received goes to another server.
type draining interface {
	Drain(ctx context.Context) error
}

// deliveries takes no new jobs at the stop, before the handlers end.
func (b *build) deliveries() (part.Part, error) {
	q, err := b.queue()
	d, ok := q.(draining)
	if err != nil || !ok || !b.overBroker() {
		return part.Part{}, err
	}
	return part.Part{Name: "deliveries", Stop: d.Drain}, nil
}
