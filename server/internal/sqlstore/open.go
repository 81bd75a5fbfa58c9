// Package sqlstore owns everything that is kept in the database: the bindings,
// the catalogue, the keyword answers, the replies, the orders and the outbox,
// on SQLite and on MySQL with the same statements (STO-1, STO-2). A method is
// one transaction and one invariant.
package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
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
	// LogDSN is the database of the group log, whose tables come with the user
	// logs; it is not opened before.
	LogDSN string
	// DataDir holds the SQLite files; it is made when it is missing. "" means ./data.
	DataDir string
	// Readers is how many SQLite connections read; 0 means 8. MaxConns bounds the
	// connections to MySQL; 0 means 64.
	Readers, MaxConns int
}

// DB is the open database. It is safe for concurrent use, and by several
// processes at once.
type DB struct {
	dialect   dialect
	path      string // of the SQLite file
	write     *sqlx.DB
	read      *sqlx.DB // the same as write on MySQL
	writer    writer
	announced atomic.Pointer[func([]job.Envelope)]

	statements *meter
}

// Open opens the database and checks that it answers. It makes no table: see
// Migrate. What a killed process left is recovered without a step by hand.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	switch cfg.Driver {
	case "", SQLite:
		return openSQLite(ctx, cfg)
	case MySQL:
		return openMySQL(ctx, cfg)
	}
	return nil, fmt.Errorf("database driver %q is none of %s, %s", cfg.Driver, SQLite, MySQL)
}

func openSQLite(ctx context.Context, cfg Config) (*DB, error) {
	path := cfg.CoreDSN
	if path == "" {
		dir := cfg.DataDir
		if dir == "" {
			dir = "data"
		}
		path = filepath.Join(dir, "core.db")
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
	readers := cfg.Readers
	if readers <= 0 {
		readers = 8
	}
	read, err := connectSQLite(ctx, count, path, "_pragma=query_only(ON)", readers)
	if err != nil {
		return nil, errors.Join(err, write.Close())
	}
	return &DB{dialect: sqliteDialect, path: path, write: write, read: read, writer: newShared(write), statements: count}, nil
}

// connectSQLite opens a pool. busy_timeout comes first: it covers the pragmas after it.
func connectSQLite(ctx context.Context, count *meter, path, options string, conns int) (*sqlx.DB, error) {
	dsn := "file:" + (&url.URL{Path: path}).EscapedPath() +
		"?_pragma=busy_timeout(10000)&_pragma=journal_mode(WAL)&_pragma=foreign_keys(ON)&" + options
	db, err := count.open("sqlite", dsn)
	if err != nil {
		return nil, fmt.Errorf("open database %s: %w", path, err)
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database %s: %w", path, err), db.Close())
	}
	return db, nil
}

func openMySQL(ctx context.Context, cfg Config) (*DB, error) {
	dsn, err := mysqlDSN(cfg.CoreDSN)
	if err != nil {
		return nil, err
	}
	count := new(meter)
	db, err := count.open("mysql", dsn)
	if err != nil {
		return nil, errors.New("open database: the driver refuses database.core_dsn")
	}
	conns := cfg.MaxConns
	if conns <= 0 {
		conns = 64
	}
	db.SetMaxOpenConns(conns)
	db.SetMaxIdleConns(conns)
	db.SetConnMaxIdleTime(time.Minute)
	if err := db.PingContext(ctx); err != nil {
		return nil, errors.Join(fmt.Errorf("open database: %w", err), db.Close())
	}
	return &DB{dialect: mysqlDialect, write: db, read: db, writer: direct{db}, statements: count}, nil
}

// mysqlDSN completes a data source name. The errors do not repeat it: it holds a password.
func mysqlDSN(dsn string) (string, error) {
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		return "", errors.New("database.core_dsn is not a MySQL data source name (user:password@tcp(host:port)/database)")
	}
	if c.DBName == "" {
		return "", errors.New("database.core_dsn names no database")
	}
	c.Collation = "utf8mb4_bin"
	c.InterpolateParams = true // one round trip a statement
	c.ClientFoundRows = false  // an insert that changes nothing must count 0 rows
	c.MultiStatements = false
	if c.Timeout == 0 {
		c.Timeout = 2 * time.Second
	}
	if c.ReadTimeout == 0 {
		c.ReadTimeout = 10 * time.Second
	}
	if c.WriteTimeout == 0 {
		c.WriteTimeout = 10 * time.Second
	}
	return c.FormatDSN(), nil
}

// Ping asks the database for an answer, on the connections that read.
func (db *DB) Ping(ctx context.Context) error {
	var one int
	if err := db.read.GetContext(ctx, &one, "SELECT 1"); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close ends the connections after the writes under way. It must be called once.
func (db *DB) Close() error {
	db.writer.close()
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// OnOutbox sets what is called after a commit that stored jobs in the outbox; it
// must not block. Jobs without an ID were there already.
func (db *DB) OnOutbox(announce func(stored []job.Envelope)) { db.announced.Store(&announce) }

// update runs work in a write transaction.
func (db *DB) update(ctx context.Context, what string, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	if err := db.writer.do(ctx, work); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}
