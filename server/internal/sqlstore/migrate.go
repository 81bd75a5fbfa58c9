package sqlstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/pressly/goose/v3"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// migrationLock is the MySQL lock under which one process at a time migrates,
// and lockWait how long the others wait for it, in seconds.
const (
	migrationLock = "oalab.migrate"
	lockWait      = 60
)

// Migrate brings the tables to the version of this program. Running it again
// changes nothing; of several processes that start at once, one migrates and
// the others wait for it.
func (db *DB) Migrate(ctx context.Context) (err error) {
	unlock, err := db.lockMigration(ctx)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	defer func() { err = errors.Join(err, unlock()) }()
	files, err := fs.Sub(migrations, "migration/"+db.dialect.name)
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	engine := goose.DialectSQLite3
	if db.dialect.name == MySQL {
		engine = goose.DialectMySQL
	}
	p, err := goose.NewProvider(engine, db.write.DB, files, goose.WithDisableGlobalRegistry(true))
	if err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	if _, err := p.Up(ctx); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (db *DB) lockMigration(ctx context.Context) (unlock func() error, err error) {
	if db.dialect.name == SQLite {
		release, err := lockFile(ctx, db.path+".lock")
		if err != nil {
			return nil, err
		}
		return func() error { release(); return nil }, nil
	}
	// The lock belongs to the session: one connection takes, holds and releases it.
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return nil, err
	}
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", migrationLock, lockWait).Scan(&got); err != nil {
		return nil, errors.Join(fmt.Errorf("take the lock %s: %w", migrationLock, err), conn.Close())
	}
	if got.Int64 != 1 {
		return nil, errors.Join(fmt.Errorf("another process has held the lock %s for %d s", migrationLock, lockWait), conn.Close())
	}
	return func() error {
		_, err := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", migrationLock)
		return errors.Join(err, conn.Close())
	}, nil
}
