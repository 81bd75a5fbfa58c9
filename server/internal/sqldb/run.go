package sqldb

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"
)

// Update runs work in a write transaction; what names it in an error. After an error nothing
// of it is stored, except where the error is ErrOutcomeUnknown. work may be run more than once.
func (db *DB) Update(ctx context.Context, what string, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	if err := db.writer.do(ctx, work); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// Statement is Update for a work that changes rows by one statement, which may be followed
// by others that read, and that changes nothing when it is run again: without a
// transaction or a savepoint where the engine needs none. After an error the work may
// be stored.
func (db *DB) Statement(ctx context.Context, work func(ctx context.Context, q sqlx.ExtContext) error) error {
	return db.writer.statement(ctx, work)
}

// One is Statement for one that nothing follows. It returns how many rows it met.
func (db *DB) One(ctx context.Context, what, query string, args ...any) (met int64, err error) {
	err = db.Statement(ctx, func(ctx context.Context, q sqlx.ExtContext) error {
		res, err := q.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		met, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return met, nil
}

// Snapshot begins a transaction that only reads, and whose statements all see the database
// as of one moment: that of the first. The sessions of MySQL are READ COMMITTED, where each
// statement sees a moment of its own; a transaction of SQLite is a snapshot anyway.
func (db *DB) Snapshot(ctx context.Context) (*sqlx.Tx, error) {
	opts := &sql.TxOptions{ReadOnly: true}
	if db.Dialect.Engine == MySQL {
		opts.Isolation = sql.LevelRepeatableRead
	}
	return db.Read.BeginTxx(ctx, opts)
}

// Clock is the database's time, which all servers share.
func (db *DB) Clock(ctx context.Context) (time.Time, error) { return db.ClockOf(ctx, db.Read) }

// ClockOf is Clock on a connection or within a transaction.
func (db *DB) ClockOf(ctx context.Context, q sqlx.QueryerContext) (time.Time, error) {
	var ms int64
	if err := sqlx.GetContext(ctx, q, &ms, db.selectNow()); err != nil {
		return time.Time{}, fmt.Errorf("ask the database for its time: %w", err)
	}
	return time.UnixMilli(ms), nil
}

func (db *DB) selectNow() string { return "SELECT " + db.Dialect.Now }

// OldRows is how many old rows one transaction removes: what is stored meanwhile waits for one
// of these on SQLite, and for none on MySQL.
const OldRows = 200

// DeleteEach runs statements in one transaction, and counts the rows that they meet. what names
// the work in an error.
func (db *DB) DeleteEach(ctx context.Context, what string, statements []Query) (met int, err error) {
	err = db.Update(ctx, what, func(ctx context.Context, tx *sqlx.Tx) error {
		met = 0
		for _, q := range statements {
			res, err := tx.ExecContext(ctx, q.Text, q.Args...)
			if err != nil {
				return err
			}
			n, err := res.RowsAffected()
			if err != nil {
				return err
			}
			met += int(n)
		}
		return nil
	})
	return met, err
}

// Count asks several questions for a number in one statement.
func (db *DB) Count(ctx context.Context, questions ...Query) ([]int, error) {
	texts, args := make([]string, len(questions)), []any(nil)
	numbers, into := make([]int, len(questions)), make([]any, len(questions))
	for i, q := range questions {
		texts[i], into[i] = "("+q.Text+")", &numbers[i]
		args = append(args, q.Args...)
	}
	if err := db.Read.QueryRowContext(ctx, "SELECT "+strings.Join(texts, ", "), args...).Scan(into...); err != nil {
		return nil, fmt.Errorf("count rows: %w", err)
	}
	return numbers, nil
}
