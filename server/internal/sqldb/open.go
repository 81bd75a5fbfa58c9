// Package sqldb is the engine below the stores: it opens a database, runs statements and
// write transactions on SQLite and on MySQL alike (STO-1, STO-2), counts them, makes the
// tables, and writes jobs in the transaction of their cause. What the tables mean is known
// to the stores beside their features.
package sqldb

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"oalab/server/internal/job"
)

// Config says which database to open.
type Config struct {
	// Driver is SQLite or MySQL; "" means SQLite.
	Driver string
	// CoreDSN is the database of the group core: a file for SQLite ("" means
	// core.db in DataDir), a data source name for MySQL.
	CoreDSN string
	// LogDSN is the database of the group log: a file for SQLite ("" means log.db in
	// DataDir), a data source name for MySQL ("" means CoreDSN).
	LogDSN string
	// DataDir holds the SQLite files; it is made when it is missing. "" means ./data.
	DataDir string
	// Readers is how many SQLite connections read, MaxConns how many there are to MySQL; 0
	// takes that of DefaultSettings.
	Readers, MaxConns int
}

// DB is the open database of one table group. It is safe for concurrent use, and
// by several processes at once.
type DB struct {
	Dialect Dialect
	// Read are the connections that read; on MySQL they are those that write, too.
	Read *sqlx.DB

	group      string
	dsn        string // the file of SQLite, what the operator gave for MySQL
	write      *sqlx.DB
	writer     writer
	statements *meter
	announced  atomic.Pointer[func([]job.Envelope)]
}

// The table groups. No transaction spans them.
const (
	groupCore = "core"
	groupLog  = "log"
)

// logConns bounds the connections of the group log: one writes batches, the others
// search.
const logConns = 8

// Open opens the database of the group core and checks that it answers. It makes no table:
// see Migrate. What a killed process left is recovered without a step by hand.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	return openGroup(ctx, cfg, groupCore, cfg.CoreDSN)
}

// OpenLog opens the database of the group log, whose caller makes batches by itself. One on
// MySQL may be away.
func OpenLog(ctx context.Context, cfg Config) (*DB, error) {
	dsn := cfg.LogDSN
	if dsn == "" && cfg.Driver == MySQL {
		dsn = cfg.CoreDSN
	}
	cfg.MaxConns, cfg.Readers = logConns, logConns/2
	return openGroup(ctx, cfg, groupLog, dsn)
}

func openGroup(ctx context.Context, cfg Config, group, dsn string) (*DB, error) {
	switch cfg.Driver {
	case "", SQLite:
		return openSQLite(ctx, cfg, group, dsn)
	case MySQL:
		return openMySQL(ctx, cfg, group, dsn)
	}
	return nil, fmt.Errorf("database driver %q is none of %s, %s", cfg.Driver, SQLite, MySQL)
}

func openSQLite(ctx context.Context, cfg Config, group, path string) (*DB, error) {
	if path == "" {
		dir := cfg.DataDir
		if dir == "" {
			dir = "data"
		}
		path = filepath.Join(dir, group+".db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return nil, fmt.Errorf("make the folder of the database: %w", err)
	}
	// The switch to WAL needs the file alone, and does not wait for it.
	unlock, err := lockFile(ctx, path+".lock")
	if err != nil {
		return nil, err
	}
	defer unlock()
	count := new(meter)
	write, err := connectSQLite(ctx, count, path, "_txlock=immediate&_pragma=synchronous(FULL)", 1)
	if err != nil {
		return nil, err
	}
	readers := cmp.Or(cfg.Readers, DefaultSettings().Readers)
	read, err := connectSQLite(ctx, count, path, "_pragma=query_only(ON)", readers)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	db := &DB{Dialect: sqliteDialect, Read: read, group: group, dsn: path, write: write, writer: direct{write}, statements: count}
	if group == groupCore { // the user log makes its own batches
		db.writer = newShared(write)
	}
	return db, nil
}

// connectSQLite opens connections. busy_timeout comes first: it covers the pragmas after it.
func connectSQLite(ctx context.Context, count *meter, path, options string, conns int) (*sqlx.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(ON)&" + options
	connector, err := connectorOf("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db := count.open("sqlite", connector)
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.Close())
	}
	return db, nil
}

// pingAge is for how long the answer to a statement says that the database is there.
const pingAge = 500 * time.Millisecond

// Ping asks the database for an answer, on the connections that read, unless it has
// answered something within the last half a second.
func (db *DB) Ping(ctx context.Context) error {
	if db.statements.answeredSince(pingAge) {
		return nil
	}
	var one int
	if err := db.Read.GetContext(ctx, &one, "SELECT 1"); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close ends the connections after the writes under way. It must be called once, after
// those of the stores that gather statements.
func (db *DB) Close() error {
	db.writer.close()
	if db.Read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.Read.Close(), db.write.Close())
}

// Statements is how many statements were sent to this database.
func (db *DB) Statements() int64 { return db.statements.sent.Load() }

// OrderStatements is how many of Statements were on the tables of orders and jobs.
func (db *DB) OrderStatements() int64 { return db.statements.orders.Load() }
