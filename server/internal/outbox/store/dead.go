package outboxstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
	"oalab/server/internal/sqldb"
)

const (
	deadColumns       = "id, job_key, kind, payload, attempts, reason, created_at, buried_at"
	selectDead        = "SELECT " + deadColumns + " FROM dead_letter WHERE id < ? AND buried_at >= ? AND buried_at < ? ORDER BY id DESC LIMIT ?"
	selectDeadOfKind  = "SELECT " + deadColumns + " FROM dead_letter WHERE id < ? AND buried_at >= ? AND buried_at < ? AND kind = ? ORDER BY id DESC LIMIT ?"
	selectDeadLetter  = "SELECT " + deadColumns + " FROM dead_letter WHERE id = ?"
	deleteDeadOfJob   = "DELETE FROM dead_letter WHERE job_key = ?"
	deleteDeadLetters = "DELETE FROM dead_letter WHERE id IN (?)"
	selectLetters     = "SELECT " + deadColumns + " FROM dead_letter WHERE id > ? ORDER BY id LIMIT ?"
	countDead         = "SELECT COUNT(*) FROM dead_letter"
)

// CountDead counts the dead letters, for sqldb.DB.Count().
func (*Store) CountDead() sqldb.Query { return sqldb.Query{Text: countDead} }

// ErrNoDeadLetter says that there is no dead letter with this ID; it may have been put back into work
// or dropped before.
var ErrNoDeadLetter = errors.New("no such dead letter")

// DeadLetter is a job that was given up.
type DeadLetter struct {
	ID       int64
	Job      job.Envelope // without the ID of a row
	Attempts int
	Reason   string
	Buried   time.Time // by the database's clock
}

type deadRow struct {
	ID       int64  `db:"id"`
	Key      string `db:"job_key"`
	Kind     string `db:"kind"`
	Payload  string `db:"payload"`
	Attempts int    `db:"attempts"`
	Reason   string `db:"reason"`
	Created  int64  `db:"created_at"`
	Buried   int64  `db:"buried_at"`
}

func (r deadRow) letter() DeadLetter {
	return DeadLetter{
		ID: r.ID, Attempts: r.Attempts, Reason: r.Reason, Buried: time.UnixMilli(r.Buried),
		Job: job.Envelope{Key: r.Key, Kind: job.Kind(r.Kind), Payload: json.RawMessage(r.Payload), Created: time.UnixMilli(r.Created)},
	}
}

// DeadFilter chooses dead letters.
type DeadFilter struct {
	// Kind is that of the job; "" means any.
	Kind job.Kind
	// From and To bound when it was buried, by the database's clock; To itself is left out.
	// Zero means no bound.
	From, To time.Time
	// Before is an ID that those chosen are below; 0 means none.
	Before int64
	// Limit is how many are returned at most.
	Limit int
}

// DeadLetters returns the latest dead letters that a filter chooses, the latest first.
func (s *Store) DeadLetters(ctx context.Context, f DeadFilter) ([]DeadLetter, error) {
	if f.Before == 0 {
		f.Before = math.MaxInt64
	}
	from, to := int64(0), int64(math.MaxInt64)
	if !f.From.IsZero() {
		from = f.From.UnixMilli()
	}
	if !f.To.IsZero() {
		to = f.To.UnixMilli()
	}
	query, args := selectDead, []any{f.Before, from, to, f.Limit}
	if f.Kind != "" {
		query, args = selectDeadOfKind, []any{f.Before, from, to, string(f.Kind), f.Limit}
	}
	var rows []deadRow
	if err := s.db.Read.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	letters := make([]DeadLetter, 0, len(rows))
	for _, r := range rows {
		letters = append(letters, r.letter())
	}
	return letters, nil
}

// Waking prepares what a job is about for its retry, in the transaction of that. It returns
// the job that is to be queued, or the outcome when none is.
type Waking func(ctx context.Context, tx *sqlx.Tx, env job.Envelope) (next job.Envelope, outcome job.Retried, err error)

// RetryDead puts the job of a dead letter back into work, once: a second call returns
// ErrNoDeadLetter. The types say which queue carries it.
func (s *Store) RetryDead(ctx context.Context, types job.Catalogue, id int64, wake Waking) (outcome job.Retried, err error) {
	var stored []job.Envelope
	err = s.db.Update(ctx, fmt.Sprintf("retry dead letter %d", id), func(ctx context.Context, tx *sqlx.Tx) error {
		outcome, stored = "", nil
		var row deadRow
		if err := sqlx.GetContext(ctx, tx, &row, selectDeadLetter, id); err != nil {
			if errors.Is(err, sql.ErrNoRows) {
				return ErrNoDeadLetter
			}
			return err
		}
		if err := sqldb.Change(ctx, tx, ErrNoDeadLetter, deleteDeadOfJob, row.Key); err != nil {
			return err
		}
		env := row.letter().Job
		t, _ := types.Find(env.Kind)
		env.Queue = t.Queue
		env, end, err := wake(ctx, tx, env)
		if err != nil || end != "" {
			outcome = end
			return err
		}
		if stored, err = s.db.InsertJobs(ctx, tx, []job.Envelope{env}); err != nil {
			return err
		}
		if outcome = job.RetriedJob; stored[0].ID == 0 {
			outcome = job.RetriedUnderWay
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	s.db.Announce(stored)
	return outcome, nil
}

// DropDead deletes a dead letter, or returns ErrNoDeadLetter. What the job is about stays as
// it is.
func (s *Store) DropDead(ctx context.Context, id int64) error {
	n, err := s.deleteDead(ctx, []int64{id})
	if err == nil && n == 0 {
		err = fmt.Errorf("drop dead letter %d: %w", id, ErrNoDeadLetter)
	}
	return err
}

func (s *Store) deleteDead(ctx context.Context, ids []int64) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	query, args, err := sqlx.In(deleteDeadLetters, ids)
	if err != nil {
		return 0, fmt.Errorf("delete dead letters: %w", err)
	}
	n, err := s.db.One(ctx, "delete dead letters", query, args...)
	return int(n), err
}

// Open reports which of the jobs are about something that is not done yet. The dead letters
// of these are kept: they show where it stands.
type Open func(ctx context.Context, jobs []job.Envelope) ([]bool, error)

// OldLetters returns what deletes the next batch of the dead letters that were buried before a
// time, except the open ones. It tells how many it deleted, and whether there may be more. IDs
// grow with time, so the old ones come first.
func (s *Store) OldLetters(before time.Time, open Open) func(context.Context) (rows int, more bool, err error) {
	after := int64(0)
	return func(ctx context.Context) (int, bool, error) {
		var rows []deadRow
		if err := s.db.Read.SelectContext(ctx, &rows, selectLetters, after, sqldb.OldRows); err != nil {
			return 0, false, fmt.Errorf("find old dead letters: %w", err)
		}
		letters := make([]DeadLetter, 0, len(rows))
		for _, r := range rows {
			after = r.ID
			if r.Buried < before.UnixMilli() {
				letters = append(letters, r.letter())
			}
		}
		n, _, err := s.dropClosed(ctx, letters, open)
		return n, len(rows) == sqldb.OldRows && len(letters) > 0, err
	}
}

// DropDeadBefore deletes dead letters that were buried before a time. Those that are open
// stay. It returns how many it deleted, and how many it kept.
func (s *Store) DropDeadBefore(ctx context.Context, before time.Time, open Open) (dropped, kept int, err error) {
	f := DeadFilter{To: before, Limit: sqldb.OldRows}
	for {
		letters, err := s.DeadLetters(ctx, f)
		if err != nil || len(letters) == 0 {
			return dropped, kept, err
		}
		n, left, err := s.dropClosed(ctx, letters, open)
		dropped, kept = dropped+n, kept+left
		if err != nil {
			return dropped, kept, err
		}
		f.Before = letters[len(letters)-1].ID
	}
}

// dropClosed deletes those of the letters that are not open.
func (s *Store) dropClosed(ctx context.Context, letters []DeadLetter, open Open) (dropped, kept int, err error) {
	if len(letters) == 0 {
		return 0, 0, nil
	}
	jobs := make([]job.Envelope, len(letters))
	for i, l := range letters {
		jobs[i] = l.Job
	}
	is, err := open(ctx, jobs)
	if err != nil {
		return 0, 0, err
	}
	var ids []int64
	for i, l := range letters {
		if is[i] {
			kept++
		} else {
			ids = append(ids, l.ID)
		}
	}
	dropped, err = s.deleteDead(ctx, ids)
	return dropped, kept, err
}
