package rabbit

import (
	"context"
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// declare makes the queues that are not there.
//
// No queue has a limit of deliveries. The broker's default of 20 would drop a job
// whose servers were killed that often; the worker buries what was attempted too
// often, and says why.
func (q *Queue) declare(ch *amqp.Channel) error {
	for _, at := range q.atBroker() {
		_, err := ch.QueueDeclare(at, true, false, false, false, amqp.Table{
			amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-delivery-limit": -1,
		})
		if err != nil {
			return fmt.Errorf("declare queue %s: %w", at, err)
		}
	}
	return nil
}

// atBroker is the names of all queues at the broker.
func (q *Queue) atBroker() []string {
	var all []string
	for _, name := range q.names {
		l := q.lines[name]
		all = append(all, l.work, l.wait, l.dead)
	}
	return all
}

// Remove deletes the queues at the broker with all that they hold, for when a
// deployment is given up and for tests. A server that uses them makes them again.
func (q *Queue) Remove(ctx context.Context) error {
	c, err := q.working.wait(ctx)
	if err != nil {
		return fmt.Errorf("remove the queues: %w", err)
	}
	return c.ask(ctx, func(ch *amqp.Channel) error {
		for _, at := range q.atBroker() {
			if _, err := ch.QueueDelete(at, false, false, false); err != nil {
				return fmt.Errorf("remove queue %s: %w", at, err)
			}
		}
		return nil
	})
}
