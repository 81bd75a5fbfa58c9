// Package job owns the vocabulary of the work queue: the types of jobs, the
// envelope in which a job travels from the outbox through the queue to its
// handler, and the outcomes a handler may wish for (BIZ-5).
package job

import (
	"encoding/json"
	"fmt"
	"time"
)

// Envelope is one job on its way. The JSON form is what a broker carries.
type Envelope struct {
	// ID is the outbox row, 0 for a job that has none.
	ID int64 `json:"id,omitempty"`
	// Key is unique among the jobs that have a row: a second one is not stored while the
	// first one is unsettled. A broker may have both.
	Key  string `json:"key"`
	Kind Kind   `json:"kind"`
	// Queue is the name of the queue that carries it. It is no part of the JSON form: a
	// broker's queue has a name of its own.
	Queue   string          `json:"-"`
	Payload json.RawMessage `json:"payload"`
	Created time.Time       `json:"created"`
	// Again says that a worker may have worked at the job before: what it carries may
	// be out of date.
	Again bool `json:"again,omitempty"`
}

// Decode reads the payload into v. A payload that cannot be read never will be:
// the error is a GiveUp.
func (e Envelope) Decode(v any) error {
	if err := json.Unmarshal(e.Payload, v); err != nil {
		return GiveUp(fmt.Errorf("decode payload of job %s: %w", e.Key, err))
	}
	return nil
}
