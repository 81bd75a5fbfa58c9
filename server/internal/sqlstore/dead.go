package sqlstore

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
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
	selectOpenSerials = "SELECT serial FROM orders WHERE serial IN (?) AND settled = 0"
	resetRounds       = "UPDATE orders SET rounds = 0 WHERE serial = ? AND settled = 0"
)

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

// Serial is that of the order that the job is about; "" when it is about none.
func (d DeadLetter) Serial() string {
	if d.Job.Kind != business.KindOrder && d.Job.Kind != business.KindTell {
		return ""
	}
	var o struct {
		Serial string `json:"serial"`
	}
	_ = json.Unmarshal(d.Job.Payload, &o) // one that cannot be read names no order
	return o.Serial
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
func (db *DB) DeadLetters(ctx context.Context, f DeadFilter) ([]DeadLetter, error) {
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
	if err := db.Read.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read dead letters: %w", err)
	}
	letters := make([]DeadLetter, 0, len(rows))
	for _, r := range rows {
		letters = append(letters, r.letter())
	}
	return letters, nil
}

// Retried is what became of a dead letter that was to be put back into work.
type Retried string

// What became of it. The dead letter is gone in each case, with others of the same job.
const (
	RetriedJob      Retried = "queued"    // its job waits in the outbox
	RetriedUnderWay Retried = "under way" // its job waits already, or the sweeper has the order
	RetriedSettled  Retried = "settled"   // its order is finished and told: nothing is to be done
)

// RetryDead puts the job of a dead letter back into work, once: a second call returns
// ErrNoDeadLetter. The types say which queue carries it. An order keeps its serial, gets all its rounds again, and the job of the
// state that it is in. One that does not rest has its job, or gets one from the sweeper.
func (db *DB) RetryDead(ctx context.Context, types job.Catalogue, id int64) (outcome Retried, err error) {
	var stored []job.Envelope
	err = db.Update(ctx, fmt.Sprintf("retry dead letter %d", id), func(ctx context.Context, tx *sqlx.Tx) error {
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
		if serial := row.letter().Serial(); serial != "" {
			var err error
			if env, outcome, err = db.wake(ctx, tx, serial); err != nil || outcome != "" {
				return err
			}
		}
		if stored, err = db.InsertJobs(ctx, tx, []job.Envelope{env}); err != nil {
			return err
		}
		if outcome = RetriedJob; stored[0].ID == 0 {
			outcome = RetriedUnderWay
		}
		return nil
	})
	if err != nil {
		return "", err
	}
	db.Announce(stored)
	return outcome, nil
}

// wake gives an order all its rounds again, and returns the job that it needs, or the
// outcome when it needs none.
func (db *DB) wake(ctx context.Context, tx *sqlx.Tx, serial string) (env job.Envelope, outcome Retried, err error) {
	o, err := readOrder(ctx, tx, selectOrder, serial)
	if errors.Is(err, business.ErrNoOrder) {
		o, err = readOrder(ctx, tx, selectArchived, serial)
	}
	switch {
	case err != nil:
		return env, "", fmt.Errorf("order %s: %w", serial, err)
	case o.Told != "":
		return env, RetriedSettled, nil
	}
	err = sqldb.Change(ctx, tx, business.ErrStale, db.wakeOrder(), serial)
	if errors.Is(err, business.ErrStale) {
		_, err = tx.ExecContext(ctx, resetRounds, serial)
		return env, RetriedUnderWay, err
	}
	if err != nil {
		return env, "", err
	}
	env, err = o.NextJob(time.Now())
	return env, "", err
}

// wakeOrder ends the rest of an order.
func (db *DB) wakeOrder() string {
	return "UPDATE orders SET rounds = 0, progress_at = " + db.Dialect.Now + " WHERE serial = ? AND settled = 0 AND progress_at > " + db.Dialect.Now
}

// DropDead deletes a dead letter, or returns ErrNoDeadLetter. An order that it is about
// stays as it is.
func (db *DB) DropDead(ctx context.Context, id int64) error {
	n, err := db.deleteDead(ctx, []int64{id})
	if err == nil && n == 0 {
		err = fmt.Errorf("drop dead letter %d: %w", id, ErrNoDeadLetter)
	}
	return err
}

func (db *DB) deleteDead(ctx context.Context, ids []int64) (int, error) {
	if len(ids) == 0 {
		return 0, nil
	}
	query, args, err := sqlx.In(deleteDeadLetters, ids)
	if err != nil {
		return 0, fmt.Errorf("delete dead letters: %w", err)
	}
	n, err := db.One(ctx, "delete dead letters", query, args...)
	return int(n), err
}

// openSerials returns those of the orders that are unfinished or untold.
func (db *DB) openSerials(ctx context.Context, serials []string) (map[string]bool, error) {
	open := make(map[string]bool)
	if len(serials) == 0 {
		return open, nil
	}
	query, args, err := sqlx.In(selectOpenSerials, serials)
	if err != nil {
		return nil, fmt.Errorf("find open orders: %w", err)
	}
	var found []string
	if err := db.Read.SelectContext(ctx, &found, query, args...); err != nil {
		return nil, fmt.Errorf("find open orders: %w", err)
	}
	for _, serial := range found {
		open[serial] = true
	}
	return open, nil
}
