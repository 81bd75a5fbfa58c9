package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
)

const (
	// The hint, a mere comment to SQLite, keeps MySQL from walking the backlog of
	// all queues by the primary key, which it holds for short.
	selectJobs = "SELECT /*+ INDEX(outbox outbox_queue) */ id, job_key, kind, payload, created_at FROM outbox WHERE queue = ? AND id > ? ORDER BY id LIMIT ?"
	existsJob  = "EXISTS (SELECT 1 FROM outbox WHERE queue = ?)"
	deleteJob  = "DELETE FROM outbox WHERE id = ?"
)

type jobRow struct {
	ID      int64  `db:"id"`
	Key     string `db:"job_key"`
	Kind    string `db:"kind"`
	Payload string `db:"payload"`
	Created int64  `db:"created_at"`
}

// insertJobs stores jobs in the transaction of their cause and returns them for
// the relay to hear of, each with its row's ID. A job whose key still waits is
// left alone and has none.
func (db *DB) insertJobs(ctx context.Context, tx *sqlx.Tx, jobs []job.Envelope) ([]job.Envelope, error) {
	insert := db.dialect.insertNew("outbox", "job_key", "job_key", "queue", "kind", "payload", "created_at")
	stored := make([]job.Envelope, 0, len(jobs))
	for _, j := range jobs {
		queue := j.Kind.Queue()
		if queue == "" {
			return nil, fmt.Errorf("job %s: no queue carries the kind %q", j.Key, j.Kind)
		}
		res, err := tx.ExecContext(ctx, insert, j.Key, queue, string(j.Kind), string(j.Payload), j.Created.UnixMilli())
		if err != nil {
			return nil, fmt.Errorf("store job %s: %w", j.Key, err)
		}
		if j.ID, err = newRow(res); err != nil {
			return nil, fmt.Errorf("number of the stored job %s: %w", j.Key, err)
		}
		stored = append(stored, j)
	}
	return stored, nil
}

// newRow returns the ID of the row that a statement inserted, 0 when it left one
// alone.
func newRow(res sql.Result) (int64, error) {
	if n, err := res.RowsAffected(); n == 0 || err != nil {
		return 0, err
	}
	return res.LastInsertId()
}

func (db *DB) announce(stored []job.Envelope) {
	if announce := db.announced.Load(); announce != nil && len(stored) > 0 {
		(*announce)(stored)
	}
}

// PendingJobs returns rows of a queue with an ID above after, by ID.
func (db *DB) PendingJobs(ctx context.Context, queue string, after int64, limit int) ([]job.Envelope, error) {
	var rows []jobRow
	if err := db.read.SelectContext(ctx, &rows, selectJobs, queue, after, limit); err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	jobs := make([]job.Envelope, 0, len(rows))
	for _, r := range rows {
		jobs = append(jobs, job.Envelope{
			ID: r.ID, Key: r.Key, Kind: job.Kind(r.Kind), Payload: json.RawMessage(r.Payload), Created: time.UnixMilli(r.Created),
		})
	}
	return jobs, nil
}

// WaitingQueues returns those of the queues that have rows.
func (db *DB) WaitingQueues(ctx context.Context, queues []string) (map[string]bool, error) {
	query, args := waitingQueues(queues)
	rows := make([]bool, len(queues))
	into := make([]any, len(queues))
	for i := range rows {
		into[i] = &rows[i]
	}
	if err := db.read.QueryRowContext(ctx, query, args...).Scan(into...); err != nil {
		return nil, fmt.Errorf("look for rows in the outbox: %w", err)
	}
	waiting := make(map[string]bool, len(queues))
	for i, name := range queues {
		waiting[name] = rows[i]
	}
	return waiting, nil
}

func waitingQueues(queues []string) (query string, args []any) {
	for _, name := range queues {
		args = append(args, name)
	}
	return "SELECT " + strings.Join(slices.Repeat([]string{existsJob}, len(queues)), ", "), args
}

// BuryJob moves a row to the dead letters.
func (db *DB) BuryJob(ctx context.Context, env job.Envelope, attempts int, reason string) error {
	insert := db.dialect.insert("dead_letter", "job_key", "kind", "payload", "attempts", "reason", "created_at", "buried_at")
	return db.update(ctx, "bury job", func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, deleteJob, env.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, insert, env.Key, string(env.Kind), string(env.Payload), attempts, clip(reason),
			env.Created.UnixMilli(), nowMillis())
		return err
	})
}
