package rabbit

import (
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"

	"oalab/server/internal/job"
)

// The headers of a message. The broker adds countHeader.
const (
	// attemptHeader is how many attempts were made before the message was published.
	attemptHeader = "oalab-attempts"
	// waitHeader is how many milliseconds a message in a .wait queue has left.
	waitHeader = "oalab-wait-ms"
	// reasonHeader is why a message is among the dead letters.
	reasonHeader = "oalab-reason"
	// countHeader is how often the broker took the message back from a consumer
	// that was lost or rejected it. One that gave it back unused does not count.
	countHeader = "x-delivery-count"
)

// maxReason is how many bytes of a reason a header gets: all headers have to fit
// into one frame.
const maxReason = 2_000

// message is what is published: a body with its headers.
type message struct {
	key     string // for people who look at the queue
	kind    string
	body    []byte
	headers amqp.Table
}

func encode(env job.Envelope) (message, error) {
	body, err := json.Marshal(env)
	if err != nil {
		return message{}, fmt.Errorf("encode job %s: %w", env.Key, err)
	}
	return message{key: env.Key, kind: string(env.Kind), body: body}, nil
}

// again is the message of a delivery, to be published anew.
func again(d amqp.Delivery, headers amqp.Table) message {
	return message{key: d.MessageId, kind: d.Type, body: d.Body, headers: headers}
}

// publishing is persistent, always: on a durable queue the broker confirms
// transient messages too, and loses them when it dies.
func (m message) publishing(id string) amqp.Publishing {
	return amqp.Publishing{
		DeliveryMode: amqp.Persistent, ContentType: "application/json", AppId: "oaserver",
		MessageId: short(m.key), Type: short(m.kind), CorrelationId: id, Timestamp: time.Now(), Headers: m.headers, Body: m.body,
	}
}

// short cuts a text to what the protocol allows for a property.
func short(s string) string { return s[:min(len(s), 255)] }

// parse reads a body that came by the queue of the given name. An error means
// that no handler will ever read it.
func parse(name string, body []byte) (job.Envelope, error) {
	var env job.Envelope
	if err := json.Unmarshal(body, &env); err != nil {
		return job.Envelope{}, fmt.Errorf("read message: %w", err)
	}
	if env.Key == "" {
		return job.Envelope{}, errors.New("read message: it has no key")
	}
	env.Queue = name
	return env, nil
}

// attempts is how many attempts came before a delivery. Headers that others have
// spoiled count as none: too many attempts do less harm than a job too few.
func attempts(headers amqp.Table) int {
	return int(min(number(headers[attemptHeader])+number(headers[countHeader]), math.MaxInt32))
}

// waiting is how long a message in a .wait queue is to be held.
func waiting(headers amqp.Table) time.Duration {
	return time.Duration(min(number(headers[waitHeader]), int64(math.MaxInt64/time.Millisecond))) * time.Millisecond
}

// inMillis rounds up: a job never comes before its time.
func inMillis(d time.Duration) int64 {
	ms := d.Milliseconds()
	if d > time.Duration(ms)*time.Millisecond {
		ms++
	}
	return ms
}

// number reads a header that holds a whole number of at least 0, whatever its
// width; anything else is 0. It is far below overflow, so that two can be added.
func number(v any) int64 {
	var n int64
	switch v := v.(type) {
	case int64:
		n = v
	case int32:
		n = int64(v)
	case int16:
		n = int64(v)
	case int8:
		n = int64(v)
	case int:
		n = int64(v)
	case uint8:
		n = int64(v)
	case uint16:
		n = int64(v)
	case uint32:
		n = int64(v)
	}
	return min(max(n, 0), math.MaxInt64/2)
}
