package sqldb

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
)

// OnOutbox sets what is called after a commit that stored jobs in the outbox; it
// must not block. Jobs without an ID were there already.
func (db *DB) OnOutbox(announce func(stored []job.Envelope)) { db.announced.Store(&announce) }

// InsertJobs stores jobs in the transaction of their cause and returns them for
// the relay to hear of, each with its row's ID. A job whose key still waits is
// left alone and has none. After the commit they are to be given to Announce.
func (db *DB) InsertJobs(ctx context.Context, tx *sqlx.Tx, jobs []job.Envelope) ([]job.Envelope, error) {
	insert := db.Dialect.InsertNew("outbox", "job_key", "job_key", "queue", "kind", "payload", "created_at")
	stored := make([]job.Envelope, 0, len(jobs))
	for _, j := range jobs {
		if j.Queue == "" {
			return nil, fmt.Errorf("job %s: no queue carries the kind %q", j.Key, j.Kind)
		}
		res, err := tx.ExecContext(ctx, insert, j.Key, j.Queue, string(j.Kind), string(j.Payload), j.Created.UnixMilli())
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

// Announce tells of jobs whose transaction is committed.
func (db *DB) Announce(stored []job.Envelope) {
	if announce := db.announced.Load(); announce != nil && len(stored) > 0 {
		(*announce)(stored)
	}
}
