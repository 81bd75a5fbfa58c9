package sqldb

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"

	"oalab/server/internal/gather"
)

// writer runs write transactions. do returns nil once the work is committed; on
// an error nothing of it is stored, but for ErrOutcomeUnknown, after which it may
// be. work may be run more than once.
type writer interface {
	do(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error
	// statement is do for a work that changes rows by one statement, which may be followed
	// by others that read, and that changes nothing when it is run again: without a
	// transaction or a savepoint where the engine needs none. After an error the work may
	// be stored.
	statement(ctx context.Context, work func(ctx context.Context, q sqlx.ExtContext) error) error
	close()
}

// direct gives each work a transaction of its own (MySQL, whose commits share
// their flushes by themselves).
type direct struct{ db *sqlx.DB }

func (w direct) do(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	return persistently(ctx, func() error { return w.once(ctx, work) })
}

func (w direct) statement(ctx context.Context, work func(ctx context.Context, q sqlx.ExtContext) error) error {
	return persistently(ctx, func() error { return work(ctx, w.db) })
}

// directTries bounds how often a work is run that meets others in its way, and
// lostTries how often one that loses its connection before COMMIT: a frozen
// server costs each of these the time-out of a statement.
const (
	directTries = 5
	lostTries   = 2
)

// persistently runs a work again that was refused for what may be over soon.
func persistently(ctx context.Context, once func() error) error {
	var err error
	lost := 0
	// Works that met in a deadlock come back at different times.
	pause := &backoff.ExponentialBackOff{InitialInterval: 2 * time.Millisecond, RandomizationFactor: 0.9, Multiplier: 3, MaxInterval: 100 * time.Millisecond}
	_, _ = backoff.Retry(ctx, func() (struct{}, error) {
		err = once()
		again := inTheWay(err)
		if connectionLost(err) {
			lost++
			again = lost < lostTries
		}
		if err != nil && !again {
			return struct{}{}, backoff.Permanent(err)
		}
		return struct{}{}, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(directTries), backoff.WithMaxElapsedTime(0))
	return err
}

func (w direct) once(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	tx, err := w.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := guarded(ctx, work, tx); err != nil {
		// A rollback that fails says nothing new: the connection is gone, and the
		// server rolls back what it leaves.
		_ = tx.Rollback()
		return err
	}
	if err := tx.Commit(); err != nil {
		return commitError(ctx, err)
	}
	return nil
}

// commitError says what a failed COMMIT means.
func commitError(ctx context.Context, err error) error {
	_, answered := errors.AsType[*mysql.MySQLError](err)
	ended := errors.Is(err, sql.ErrTxDone) || ctx.Err() != nil && errors.Is(err, ctx.Err()) // it was not sent
	if answered || ended {
		return fmt.Errorf("commit: %w", err)
	}
	// The cause stays out of the chain: it alone would look as if it could be run again.
	return fmt.Errorf("commit: %w: %v", ErrOutcomeUnknown, err) //nolint:errorlint // see above
}

func (direct) close() {}

// maxShared is how many works share one commit at most.
const maxShared = 128

// shared runs all works on one connection (SQLite has one writer) and lets
// those that wait while a commit is being flushed share the next one: each in a
// savepoint, so that one that fails takes nothing from the others. One that is alone, or
// a single statement, needs none.
type shared struct {
	db     *sqlx.DB
	pieces *gather.Gatherer[*piece]
}

// piece is the work of one caller. Work that has begun writes into its caller's variables,
// and its end is the truth about it: such a caller waits, for one commit at most.
type piece struct {
	ctx    context.Context
	work   func(ctx context.Context, tx *sqlx.Tx) error
	single bool // it changes rows by one statement, which fails as a whole
	err    error
}

func newShared(db *sqlx.DB) *shared {
	w := &shared{db: db}
	w.pieces = gather.New(gather.Config{Batch: maxShared, Stay: true}, w.commit)
	return w
}

func (w *shared) do(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	return w.pieces.Do(ctx, &piece{ctx: ctx, work: work})
}

func (w *shared) statement(ctx context.Context, work func(ctx context.Context, q sqlx.ExtContext) error) error {
	return w.pieces.Do(ctx, &piece{
		ctx: ctx, work: func(ctx context.Context, tx *sqlx.Tx) error { return work(ctx, tx) }, single: true,
	})
}

func (w *shared) close() { w.pieces.Close() }

// commit runs a batch and returns the error of each piece of it. The context is not that
// of any one of them: the others want their commit.
func (w *shared) commit(ctx context.Context, batch []*piece) []error {
	err := w.all(ctx, batch)
	errs := make([]error, len(batch))
	for i, p := range batch {
		if errs[i] = p.err; p.err == nil {
			errs[i] = err
		}
	}
	return errs
}

// all runs the pieces in one transaction. Its error counts for all that did not
// fail by themselves.
func (w *shared) all(ctx context.Context, batch []*piece) error {
	tx, err := w.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	good := 0
	for _, p := range batch {
		run := savepoint
		switch {
		case len(batch) == 1:
			run = alone
		case p.single:
			run = bare
		}
		if p.err = p.ctx.Err(); p.err != nil {
			continue // its caller has no more time
		}
		broken, err := run(ctx, tx, p)
		if broken {
			return errors.Join(fmt.Errorf("transaction broke: %w", err), tx.Rollback())
		}
		if err == nil {
			good++
		}
	}
	if good == 0 {
		return tx.Rollback()
	}
	if err := tx.Commit(); err != nil {
		return errors.Join(fmt.Errorf("commit: %w", err), tx.Rollback())
	}
	return nil
}

// savepoint runs one piece. broken means that the transaction is of no more use.
func savepoint(ctx context.Context, tx *sqlx.Tx, p *piece) (broken bool, err error) {
	if _, err := tx.ExecContext(ctx, "SAVEPOINT piece"); err != nil {
		return true, err
	}
	p.err = guarded(ctx, p.work, tx)
	if p.err != nil {
		if _, err := tx.ExecContext(ctx, "ROLLBACK TO piece"); err != nil {
			return true, errors.Join(p.err, err)
		}
	}
	if _, err := tx.ExecContext(ctx, "RELEASE piece"); err != nil {
		return true, errors.Join(p.err, err)
	}
	return false, p.err
}

// bare runs a piece of one statement, which needs no savepoint: SQLite undoes a statement
// that it refuses. After any other failure it is not known what is left of it.
func bare(ctx context.Context, tx *sqlx.Tx, p *piece) (broken bool, err error) {
	p.err = guarded(ctx, p.work, tx)
	return p.err != nil && !Refused(p.err) && !errors.Is(p.err, ErrAlone), p.err
}

// alone runs the only piece: when it fails the transaction is rolled back.
func alone(ctx context.Context, tx *sqlx.Tx, p *piece) (broken bool, err error) {
	p.err = guarded(ctx, p.work, tx)
	return false, p.err
}

// guarded turns a panic into an error: one bad piece must not end the writer.
func guarded(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error, tx *sqlx.Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("store panicked: %v", r)
		}
	}()
	return work(ctx, tx)
}
