// Package outboxstore keeps the jobs that have still to be done, and those that were given up
// (BIZ-4, STO-6). A job is written by sqldb.DB.InsertJobs() in the transaction of its cause.
package outboxstore

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
	"oalab/server/internal/sqldb"
)

// Store keeps the rows in an open database of the group core. It is safe for concurrent use,
// and by several processes at once.
type Store struct {
	db      *sqldb.DB
	settled *sqldb.Batches[int64] // rows of the outbox
}

// New makes the store. It must be closed before its database is.
func New(db *sqldb.DB) *Store {
	s := &Store{db: db}
	s.settled = sqldb.Gather(s.DeleteJobs)
	return s
}

// Close waits for the statements under way. It must be called once.
func (s *Store) Close() { s.settled.Close() }

const (
	// The hint, a mere comment to SQLite, keeps MySQL from walking the backlog of
	// all queues by the primary key, which it holds for short.
	selectJobs = "SELECT /*+ INDEX(outbox outbox_queue) */ id, job_key, kind, payload, created_at FROM outbox WHERE queue = ? AND id > ? ORDER BY id LIMIT ?"
	existsJob  = "EXISTS (SELECT 1 FROM outbox WHERE queue = ?)"
	deleteJob  = "DELETE FROM outbox WHERE id = ?"
	deleteJobs = "DELETE FROM outbox WHERE id IN (?)"
	countJobs  = "SELECT COUNT(*) FROM outbox"
)

// CountJobs counts the rows, for sqldb.DB.Count().
func (*Store) CountJobs() sqldb.Query { return sqldb.Query{Text: countJobs} }

type jobRow struct {
	ID      int64  `db:"id"`
	Key     string `db:"job_key"`
	Kind    string `db:"kind"`
	Payload string `db:"payload"`
	Created int64  `db:"created_at"`
}

// PendingJobs returns rows of a queue with an ID above after, by ID.
func (s *Store) PendingJobs(ctx context.Context, queue string, after int64, limit int) ([]job.Envelope, error) {
	var rows []jobRow
	if err := s.db.Read.SelectContext(ctx, &rows, selectJobs, queue, after, limit); err != nil {
		return nil, fmt.Errorf("read outbox: %w", err)
	}
	jobs := make([]job.Envelope, 0, len(rows))
	for _, r := range rows {
		jobs = append(jobs, job.Envelope{
			ID: r.ID, Key: r.Key, Kind: job.Kind(r.Kind), Queue: queue, Payload: json.RawMessage(r.Payload), Created: time.UnixMilli(r.Created),
		})
	}
	return jobs, nil
}

// WaitingQueues returns those of the queues that have rows.
func (s *Store) WaitingQueues(ctx context.Context, queues []string) (map[string]bool, error) {
	query, args := waitingQueues(queues)
	rows := make([]bool, len(queues))
	into := make([]any, len(queues))
	for i := range rows {
		into[i] = &rows[i]
	}
	if err := s.db.Read.QueryRowContext(ctx, query, args...).Scan(into...); err != nil {
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

// DeleteJobs deletes rows; those already gone are no error.
func (s *Store) DeleteJobs(ctx context.Context, ids []int64) error {
	if len(ids) == 0 {
		return nil
	}
	query, args, err := sqlx.In(deleteJobs, ids)
	if err != nil {
		return fmt.Errorf("delete jobs: %w", err)
	}
	_, err = s.db.One(ctx, "delete jobs", query, args...)
	return err
}

// SettleJob deletes the row of a job that is done, in one statement with others that end
// meanwhile; one already gone is no error.
func (s *Store) SettleJob(ctx context.Context, env job.Envelope) error {
	return s.settled.Do(ctx, env.ID)
}

// BuryJob moves a row to the dead letters; a job without a row is written there too.
func (s *Store) BuryJob(ctx context.Context, env job.Envelope, attempts int, reason string) error {
	insert := s.db.Dialect.Stamped(s.db.Dialect.Insert("dead_letter", "job_key", "kind", "payload", "attempts", "reason", "created_at", "buried_at"))
	return s.db.Update(ctx, "bury job", func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, deleteJob, env.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, insert, env.Key, string(env.Kind), string(env.Payload), attempts, sqldb.Clip(reason),
			env.Created.UnixMilli())
		return err
	})
}
