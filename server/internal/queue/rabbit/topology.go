package rabbit

import (
	"fmt"

	amqp "github.com/rabbitmq/amqp091-go"
)

// declare makes the queues that are not there.
//
// No queue has a limit of deliveries. The broker's default of 20 would drop a job
// whose servers were killed that often; the worker buries what was attempted too
// often, and says why.
func (q *Queue) declare(ch *amqp.Channel) error {
	for _, name := range q.names {
		l := q.lines[name]
		for _, at := range []string{l.work, l.wait, l.dead} {
			_, err := ch.QueueDeclare(at, true, false, false, false, amqp.Table{
				amqp.QueueTypeArg: amqp.QueueTypeQuorum, "x-delivery-limit": -1,
			})
			if err != nil {
				return fmt.Errorf("declare queue %s: %w", at, err)
			}
		}
	}
	return nil
}
