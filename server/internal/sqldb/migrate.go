package sqldb

import (
	"context"
	"embed"
	"fmt"
	"io/fs"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
)

// Migrations make the tables of one owner.
type Migrations struct {
	// Table notes which of them were made. It is the owner's alone: owners share a database.
	Table string
	// Files has a folder for each engine, sqlite and mysql, with the same numbers.
	Files fs.FS
}

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Core are the migrations of the tables from before the stores stood beside their features.
// A new feature brings its own.
func Core() Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return Migrations{Table: "goose_db_version", Files: files}
}

// migrateWait is how long a process waits for another one that changes the tables.
const migrateWait = time.Minute

// Migrate brings the tables of the owners to the version of this program, one owner after
// the other. Running it again changes nothing; of several processes that start at once, one
// migrates and the others wait for it.
func (db *DB) Migrate(ctx context.Context, owners ...Migrations) error {
	work := func(ctx context.Context, q *sqlx.DB) error {
		for _, m := range owners {
			if err := db.migrate(ctx, q, m); err != nil {
				return fmt.Errorf("%s: %w", m.Table, err)
			}
		}
		return nil
	}
	// On SQLite this is the lock that opening takes, too.
	if err := db.alone(ctx, db.dsn+".lock", "migrate", migrateWait, work); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (db *DB) migrate(ctx context.Context, q *sqlx.DB, m Migrations) error {
	files, err := fs.Sub(m.Files, db.Dialect.Engine)
	if err != nil {
		return err
	}
	engine := goose.DialectSQLite3
	if db.Dialect.Engine == MySQL {
		engine = goose.DialectMySQL
	}
	provider, err := goose.NewProvider(engine, q.DB, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName(m.Table))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}
