package sqlstore

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"strconv"
	"time"

	"github.com/jmoiron/sqlx"
	"github.com/pressly/goose/v3"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql migration/log/sqlite/*.sql migration/log/mysql/*.sql
var migrations embed.FS

// migrationsOf is the folder of a group's migrations, and the table that notes
// which of them were made: the groups may share a database.
func migrationsOf(group, engine string) (folder, versions string) {
	if group == groupLog {
		return "migration/log/" + engine, "goose_log_version"
	}
	return "migration/" + engine, "goose_db_version"
}

// lockWait is how long a process waits for another one that changes the tables.
const lockWait = time.Minute

// Migrate brings the tables to the version of this program. Running it again
// changes nothing; of several processes that start at once, one migrates and
// the others wait for it.
func (p *pool) Migrate(ctx context.Context) error {
	if err := p.alone(ctx, "migrate", p.migrate); err != nil {
		return fmt.Errorf("migrate: %w", err)
	}
	return nil
}

func (p *pool) migrate(ctx context.Context, db *sqlx.DB) error {
	folder, versions := migrationsOf(p.group, p.dialect.name)
	files, err := fs.Sub(migrations, folder)
	if err != nil {
		return err
	}
	engine := goose.DialectSQLite3
	if p.dialect.name == MySQL {
		engine = goose.DialectMySQL
	}
	provider, err := goose.NewProvider(engine, db.DB, files, goose.WithDisableGlobalRegistry(true), goose.WithTableName(versions))
	if err != nil {
		return err
	}
	_, err = provider.Up(ctx)
	return err
}

// alone does work that one process at a time may do on the tables of a group. It
// gives it connections on which a statement may take long.
func (p *pool) alone(ctx context.Context, name string, work func(ctx context.Context, db *sqlx.DB) error) (err error) {
	if p.dialect.name == SQLite {
		unlock, err := lockFile(ctx, p.dsn+".lock")
		if err != nil {
			return err
		}
		defer unlock()
		return work(ctx, p.write)
	}
	settings, err := mysqlSettings(p.group, p.dsn)
	if err != nil {
		return err
	}
	settings.ReadTimeout, settings.WriteTimeout = patientTimeout, patientTimeout
	settings.Params["wait_timeout"] = strconv.Itoa(int(patientTimeout.Seconds())) // the one with the lock asks nothing
	db, err := connectMySQL(p.statements, settings, patientConns)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, db.Close()) }()
	// The lock belongs to the session: one connection takes, holds and releases it.
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	lock, err := takeLock(ctx, conn, settings.DBName, name)
	if err != nil {
		return err
	}
	defer func() {
		_, failed := conn.ExecContext(context.WithoutCancel(ctx), "DO RELEASE_LOCK(?)", lock)
		err = errors.Join(err, failed)
	}()
	return work(ctx, db)
}

// takeLock takes a lock of the server, whose name holds for one database of it:
// the server's locks know no databases, and no names above 64 characters.
func takeLock(ctx context.Context, conn *sql.Conn, database, name string) (string, error) {
	sum := sha256.Sum256([]byte(database))
	lock := "oalab." + name + "." + hex.EncodeToString(sum[:16])
	var got sql.NullInt64
	if err := conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, ?)", lock, int(lockWait.Seconds())).Scan(&got); err != nil {
		return "", fmt.Errorf("take the lock %s: %w", lock, err)
	}
	if got.Int64 != 1 {
		return "", fmt.Errorf("another process has held the lock %s for %s; SHOW PROCESSLIST names it", lock, lockWait)
	}
	return lock, nil
}
