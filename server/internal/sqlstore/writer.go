package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
)

// ErrOutcomeUnknown says that the connection broke during COMMIT, so that the work
// may be stored or not. Whoever asks again with the same key meets what is there.
var ErrOutcomeUnknown = errors.New("whether it is stored is not known")

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
	db   *sqlx.DB
	work chan *piece
	quit chan struct{}
	done chan struct{}
}

type piece struct {
	ctx    context.Context
	work   func(ctx context.Context, tx *sqlx.Tx) error
	single bool // it changes rows by one statement, which fails as a whole
	err    error
	result chan error
	// taken is set once: by the writer that begins the work, or by a caller that
	// gives up before. Work that has begun writes into its caller's variables, and its
	// end is the truth about it: such a caller waits, for one commit at most.
	taken atomic.Bool
}

// errStopped is returned for work that comes after close.
var errStopped = errors.New("database is closed")

func newShared(db *sqlx.DB) *shared {
	w := &shared{db: db, work: make(chan *piece, maxShared), quit: make(chan struct{}), done: make(chan struct{})}
	go w.run()
	return w
}

func (w *shared) do(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	return w.await(&piece{ctx: ctx, work: work, result: make(chan error, 1)})
}

func (w *shared) await(p *piece) error {
	ctx := p.ctx
	select {
	case <-w.quit:
		return errStopped
	default:
	}
	select {
	case w.work <- p:
	case <-ctx.Done():
		return ctx.Err()
	case <-w.quit:
		return errStopped
	}
	select {
	case err := <-p.result:
		return err
	case <-w.done:
		return p.last()
	case <-ctx.Done():
		if p.taken.CompareAndSwap(false, true) {
			return ctx.Err()
		}
	}
	select {
	case err := <-p.result:
		return err
	case <-w.done:
		return p.last()
	}
}

func (w *shared) statement(ctx context.Context, work func(ctx context.Context, q sqlx.ExtContext) error) error {
	return w.await(&piece{
		ctx: ctx, work: func(ctx context.Context, tx *sqlx.Tx) error { return work(ctx, tx) }, single: true, result: make(chan error, 1),
	})
}

// last is the result after the writer has closed: its last batch may have had the piece.
func (p *piece) last() error {
	select {
	case err := <-p.result:
		return err
	default:
		return errStopped
	}
}

func (w *shared) close() {
	close(w.quit)
	<-w.done
}

func (w *shared) run() {
	defer close(w.done)
	batch := make([]*piece, 0, maxShared)
	for {
		batch = batch[:0]
		select {
		case p := <-w.work:
			batch = append(batch, p)
		case <-w.quit:
			return
		}
		for more := true; more && len(batch) < maxShared; {
			select {
			case p := <-w.work:
				batch = append(batch, p)
			default:
				more = false
			}
		}
		w.commit(batch)
	}
}

// commit runs a batch and answers each piece of it.
func (w *shared) commit(batch []*piece) {
	// Not the context of any one of them: the others want their commit.
	err := w.all(context.Background(), batch)
	for _, p := range batch {
		if err != nil && p.err == nil {
			p.err = err
		}
		p.result <- p.err
	}
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
		if !p.taken.CompareAndSwap(false, true) {
			p.err = p.ctx.Err()
			continue // nobody waits for it
		}
		if p.err = p.ctx.Err(); p.err != nil {
			continue
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
// that it refuses. After any other failure nobody knows what is left of it.
func bare(ctx context.Context, tx *sqlx.Tx, p *piece) (broken bool, err error) {
	p.err = guarded(ctx, p.work, tx)
	return p.err != nil && !refused(p.err) && !errors.Is(p.err, errAlone), p.err
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
