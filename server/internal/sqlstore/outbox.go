package sqlstore

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
	"oalab/server/internal/sqldb"
)

const (
	existsJob = "EXISTS (SELECT 1 FROM outbox WHERE queue = ?)"
	deleteJob = "DELETE FROM outbox WHERE id = ?"
)

// WaitingQueues returns those of the queues that have rows.
func (db *DB) WaitingQueues(ctx context.Context, queues []string) (map[string]bool, error) {
	query, args := waitingQueues(queues)
	rows := make([]bool, len(queues))
	into := make([]any, len(queues))
	for i := range rows {
		into[i] = &rows[i]
	}
	if err := db.Read.QueryRowContext(ctx, query, args...).Scan(into...); err != nil {
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

// BuryJob moves a row to the dead letters; a job without a row is written there too.
func (db *DB) BuryJob(ctx context.Context, env job.Envelope, attempts int, reason string) error {
	insert := db.Dialect.Stamped(db.Dialect.Insert("dead_letter", "job_key", "kind", "payload", "attempts", "reason", "created_at", "buried_at"))
	return db.Update(ctx, "bury job", func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, deleteJob, env.ID); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, insert, env.Key, string(env.Kind), string(env.Payload), attempts, sqldb.Clip(reason),
			env.Created.UnixMilli())
		return err
	})
}
