package sqldb

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
)

// ErrHeld says that another process does the work that one at a time may do.
var ErrHeld = errors.New("another process has held the lock")

// Alone does work that one process at a time may do on the tables of a group. It gives it
// connections on which a statement may take long. It waits for another process, in whole
// seconds, and returns ErrHeld then. Works of different names do not exclude each other,
// nor on SQLite what opens the database or migrates.
func (db *DB) Alone(ctx context.Context, name string, wait time.Duration, work func(ctx context.Context, q *sqlx.DB) error) error {
	return db.alone(ctx, db.dsn+"."+name+".lock", name, wait, work)
}

// AloneAt is Alone for a work on the store's own connections. now is the database's time.
func (db *DB) AloneAt(ctx context.Context, name string, wait time.Duration, work func(ctx context.Context, now time.Time) error) error {
	return db.Alone(ctx, name, wait, func(ctx context.Context, _ *sqlx.DB) error {
		now, err := db.Clock(ctx)
		if err != nil {
			return err
		}
		return work(ctx, now)
	})
}

// alone is Alone with the name of the lock's file, which SQLite needs.
func (db *DB) alone(ctx context.Context, file, name string, wait time.Duration, work func(ctx context.Context, q *sqlx.DB) error) error {
	if db.Dialect.Engine == MySQL {
		return db.aloneOnMySQL(ctx, name, wait, work)
	}
	short, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	unlock, err := lockFile(short, file)
	if err != nil {
		if ctx.Err() == nil && errors.Is(err, context.DeadlineExceeded) {
			return fmt.Errorf("%w %s for %s", ErrHeld, file, wait)
		}
		return err
	}
	defer unlock()
	return work(ctx, db.write)
}

func (db *DB) aloneOnMySQL(ctx context.Context, name string, wait time.Duration, work func(ctx context.Context, q *sqlx.DB) error) (err error) {
	settings, err := mysqlSettings(db.group, db.dsn)
	if err != nil {
		return err
	}
	settings.ReadTimeout, settings.WriteTimeout = patientTimeout, patientTimeout
	settings.Params["wait_timeout"] = strconv.Itoa(int(patientTimeout.Seconds())) // the one with the lock asks nothing
	q, err := connectMySQL(db.statements, settings, patientConns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, q.Close()) }()
	// The lock belongs to the session: one connection takes, holds and releases it.
	conn, err := q.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	lock, err := takeLock(ctx, conn, settings.DBName, name, wait)
	if err != nil {
		return err
	}
	defer func() {
		_, failed := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", lock)
		err = errors.Join(err, failed)
	}()
	return work(ctx, q)
}

// takeLock takes a lock of the server, whose name holds for one database of it:
// the server's locks know no databases, and no names above 64 characters.
func takeLock(ctx context.Context, conn *sql.Conn, database, name string, wait time.Duration) (string, error) {
	sum := sha256.Sum256([]byte(database))
	lock := "oalab." + name + "." + hex.EncodeToString(sum[:16])
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", lock, int(wait.Seconds())).Scan(&got); err != nil {
		return "", fmt.Errorf("take the lock %s: %w", lock, err)
	}
	if got.Int64 != 1 {
		return "", fmt.Errorf("%w %s for %s; SHOW PROCESSLIST names it", ErrHeld, lock, wait)
	}
	return lock, nil
}
