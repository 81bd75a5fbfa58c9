package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"

	"github.com/jmoiron/sqlx"
)

// writer runs write transactions. do returns nil once the work is committed; on
// an error nothing of it is stored, but for a lost connection during COMMIT and
// for the end of ctx, after which it may be. work may be run more than once.
type writer interface {
	do(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error
	close()
}

// direct gives each work a transaction of its own (MySQL, whose commits share
// their flushes by themselves).
type direct struct{ db *sqlx.DB }

const directTries = 4

func (w direct) do(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	for try := 1; ; try++ {
		err := w.once(ctx, work)
		if err == nil || try == directTries || !transient(err) {
			return err
		}
	}
}

func (w direct) once(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	tx, err := w.db.BeginTxx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin: %w", err)
	}
	if err := work(ctx, tx); err != nil {
		return errors.Join(err, tx.Rollback())
	}
	if err := tx.Commit(); err != nil {
		return fmt.Errorf("commit: %w", err)
	}
	return nil
}

func (direct) close() {}

// maxShared is how many works share one commit at most.
const maxShared = 128

// shared runs all works on one connection (SQLite has one writer) and lets
// those that wait while a commit is being flushed share the next one: each in a
// savepoint, so that one that fails takes nothing from the others.
type shared struct {
	db   *sqlx.DB
	work chan *piece
	quit chan struct{}
	done chan struct{}
}

type piece struct {
	ctx    context.Context
	work   func(ctx context.Context, tx *sqlx.Tx) error
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
	p := &piece{ctx: ctx, work: work, result: make(chan error, 1)}
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
		if !p.taken.CompareAndSwap(false, true) {
			p.err = p.ctx.Err()
			continue // nobody waits for it
		}
		if p.err = p.ctx.Err(); p.err != nil {
			continue
		}
		broken, err := savepoint(ctx, tx, p)
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

// guarded turns a panic into an error: one bad piece must not end the writer.
func guarded(ctx context.Context, work func(ctx context.Context, tx *sqlx.Tx) error, tx *sqlx.Tx) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("store panicked: %v", r)
		}
	}()
	return work(ctx, tx)
}
