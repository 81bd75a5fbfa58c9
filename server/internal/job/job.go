// Package job owns the vocabulary of the work queue: the kinds of jobs, the
// envelope in which a job travels from the outbox through the queue to its
// handler, and the outcomes a handler may wish for (BIZ-5).
package job

import (
	"encoding/json"
	"fmt"
	"time"
)

// Kind says what a job asks for; it chooses the handler.
type Kind string

// The kinds of jobs.
const (
	KindOrder Kind = "order" // bring an accepted order to its end at the carrier
	KindQuery Kind = "query" // answer a query that the callback handed over
	KindTell  Kind = "tell"  // tell a follower how an order ended
)

// The queues: one for each kind, so that a flood of one cannot hold up another.
const (
	QueueOrders  = "orders"
	QueueQueries = "queries"
	QueueTells   = "tells"
)

// Queues returns the names of all queues.
func Queues() []string { return []string{QueueOrders, QueueQueries, QueueTells} }

// Queue returns the queue that carries jobs of this kind, or "" for an unknown kind.
func (k Kind) Queue() string {
	switch k {
	case KindOrder:
		return QueueOrders
	case KindQuery:
		return QueueQueries
	case KindTell:
		return QueueTells
	}
	return ""
}

// Envelope is one job on its way. The JSON form is what a broker carries.
type Envelope struct {
	// ID is the outbox row, 0 for a job that has none.
	ID int64 `json:"id,omitempty"`
	// Key is unique among the jobs that have a row: a second one is not stored while the
	// first one is unsettled. A broker may have both.
	Key     string          `json:"key"`
	Kind    Kind            `json:"kind"`
	Payload json.RawMessage `json:"payload"`
	Created time.Time       `json:"created"`
	// Again says that somebody may have worked at the job before: what it carries may
	// be out of date.
	Again bool `json:"again,omitempty"`
}

// New makes an envelope: ref names the cause (a serial, a message key) and,
// with the kind, makes the key. The error is that of encoding the payload.
func New(kind Kind, ref string, payload any, at time.Time) (Envelope, error) {
	body, err := json.Marshal(payload)
	if err != nil {
		return Envelope{}, fmt.Errorf("encode payload of %s job %s: %w", kind, ref, err)
	}
	return Envelope{Key: string(kind) + ":" + ref, Kind: kind, Payload: body, Created: at}, nil
}

// Decode reads the payload into v. A payload that cannot be read never will be:
// the error is a GiveUp.
func (e Envelope) Decode(v any) error {
	if err := json.Unmarshal(e.Payload, v); err != nil {
		return GiveUp(fmt.Errorf("decode payload of job %s: %w", e.Key, err))
	}
	return nil
}
