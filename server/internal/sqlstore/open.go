// Package sqlstore owns everything that is kept in the database: the bindings,
// the catalogue, the keyword answers, the replies, the orders and the outbox,
// on SQLite and on MySQL with the same statements (STO-1, STO-2). A method is one
// invariant: in a transaction, in one conditional statement, or in a share of one.
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

	"github.com/jmoiron/sqlx"
	_ "modernc.org/sqlite" // the driver "sqlite"

	"oalab/server/internal/business"
	"oalab/server/internal/gather"
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
	// Readers is how many SQLite connections read; 0 means 8. MaxConns bounds the
	// connections to MySQL; 0 means 64.
	Readers, MaxConns int
}

// DB is the open database of the group core. It is safe for concurrent use, and
// by several processes at once.
type DB struct {
	pool
	announced   atomic.Pointer[func([]job.Envelope)]
	replies     *gather.Gatherer[*newReply]
	stopReplies func()

	toldByTemplate notes[string] // serials
	settled        notes[int64]  // rows of the outbox
}

// pool is the open database of one table group.
type pool struct {
	group   string
	dialect dialect
	dsn     string // the file of SQLite, what the operator gave for MySQL
	write   *sqlx.DB
	read    *sqlx.DB // the same as write on MySQL
	writer  writer

	statements *meter
}

// Open opens the database and checks that it answers. It makes no table: see
// Migrate. What a killed process left is recovered without a step by hand.
func Open(ctx context.Context, cfg Config) (*DB, error) {
	p, err := openPool(ctx, cfg, groupCore, cfg.CoreDSN)
	if err != nil {
		return nil, err
	}
	db := &DB{pool: p}
	db.stopReplies = db.gatherReplies()
	db.toldByTemplate = gatherNotes(func(ctx context.Context, serials []string) error {
		return db.markTold(ctx, business.ToldTemplate, serials)
	})
	db.settled = gatherNotes(db.DeleteJobs)
	return db, nil
}

// Close ends the connections after the writes under way. It must be called once.
func (db *DB) Close() error {
	db.stopReplies()
	db.toldByTemplate.stop()
	db.settled.stop()
	return db.pool.Close()
}

// The table groups. No transaction spans them.
const (
	groupCore = "core"
	groupLog  = "log"
)

func openPool(ctx context.Context, cfg Config, group, dsn string) (pool, error) {
	switch cfg.Driver {
	case "", SQLite:
		return openSQLite(ctx, cfg, group, dsn)
	case MySQL:
		return openMySQL(ctx, cfg, group, dsn)
	}
	return pool{}, fmt.Errorf("database driver %q is none of %s, %s", cfg.Driver, SQLite, MySQL)
}

func openSQLite(ctx context.Context, cfg Config, group, path string) (pool, error) {
	if path == "" {
		dir := cfg.DataDir
		if dir == "" {
			dir = "data"
		}
		path = filepath.Join(dir, group+".db")
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
		return pool{}, fmt.Errorf("make the folder of the database: %w", err)
	}
	// The switch to WAL needs the file alone, and does not wait for it.
	unlock, err := lockFile(ctx, path+".lock")
	if err != nil {
		return pool{}, err
	}
	defer unlock()
	count := new(meter)
	write, err := connectSQLite(ctx, count, path, "_txlock=immediate&_pragma=synchronous(FULL)", 1)
	if err != nil {
		return pool{}, err
	}
	readers := cfg.Readers
	if readers <= 0 {
		readers = 8
	}
	read, err := connectSQLite(ctx, count, path, "_pragma=query_only(ON)", readers)
	if err != nil {
		return pool{}, errors.Join(err, write.Close())
	}
	p := pool{group: group, dialect: sqliteDialect, dsn: path, write: write, read: read, writer: direct{write}, statements: count}
	if group == groupCore { // the user log makes its own batches
		p.writer = newShared(write)
	}
	return p, nil
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
func (p *pool) Ping(ctx context.Context) error {
	if p.statements.answeredSince(pingAge) {
		return nil
	}
	var one int
	if err := p.read.GetContext(ctx, &one, "SELECT 1"); err != nil {
		return fmt.Errorf("ping database: %w", err)
	}
	return nil
}

// Close ends the connections after the writes under way. It must be called once.
func (p *pool) Close() error {
	p.writer.close()
	if p.read == p.write {
		return p.write.Close()
	}
	return errors.Join(p.read.Close(), p.write.Close())
}

// Statements is how many statements this store has sent to its database.
func (p *pool) Statements() int64 { return p.statements.sent.Load() }

// update runs work in a write transaction.
func (p *pool) update(ctx context.Context, what string, work func(ctx context.Context, tx *sqlx.Tx) error) error {
	if err := p.writer.do(ctx, work); err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	return nil
}

// OnOutbox sets what is called after a commit that stored jobs in the outbox; it
// must not block. Jobs without an ID were there already.
func (db *DB) OnOutbox(announce func(stored []job.Envelope)) { db.announced.Store(&announce) }
