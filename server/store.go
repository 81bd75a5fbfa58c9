package server

import (
	"context"
	"errors"
	"fmt"

	bindingstore "oalab/server/internal/binding/store"
	businessstore "oalab/server/internal/business/store"
	outboxstore "oalab/server/internal/outbox/store"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
)

// openStore opens the database of the group core and brings its tables up to date.
func openStore(ctx context.Context, cfg Config) (*sqldb.DB, error) {
	db, err := sqldb.Open(ctx, storeConfig(cfg))
	if err != nil {
		return nil, err
	}
	if err := db.Migrate(ctx, coreTables()...); err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return db, nil
}

func storeConfig(cfg Config) sqldb.Config {
	return sqldb.Config{
		Driver: cfg.Database.Driver, CoreDSN: string(cfg.Database.CoreDSN), LogDSN: string(cfg.Database.LogDSN),
		DataDir: cfg.DataDir, MaxConns: cfg.Database.MaxConns, Readers: cfg.Database.Readers,
	}
}

// stores are those of the orders and of what is committed with them.
type stores struct {
	db       *sqldb.DB
	bindings *bindingstore.Store
	replies  *replystore.Store
	orders   *businessstore.Store
	outbox   *outboxstore.Store
}

// newStores makes the stores over an open database. They must be closed before it is.
func newStores(db *sqldb.DB) *stores {
	s := &stores{db: db, bindings: bindingstore.New(db), replies: replystore.New(db), outbox: outboxstore.New(db)}
	s.orders = businessstore.New(db, s.replies)
	return s
}

// close waits for the statements under way.
func (s *stores) close() {
	s.orders.Close()
	s.replies.Close()
	s.outbox.Close()
}

// backlog counts what is stored and not done yet, in one statement.
func (s *stores) backlog(ctx context.Context) (left, error) {
	n, err := s.db.Count(ctx, s.outbox.CountJobs(), s.orders.CountUnfinished(), s.outbox.CountDead())
	if err != nil {
		return left{}, fmt.Errorf("count the backlog: %w", err)
	}
	return left{jobs: n[0], unfinished: n[1], dead: n[2]}, nil
}

// stores are made at the first need, and closed before the database is.
func (b *build) stores() (*stores, error) { return shared(b, "stores", b.openStores) }

func (b *build) openStores() (*stores, error) {
	db, err := b.core()
	if err != nil {
		return nil, err
	}
	s := newStores(db)
	b.stops.push("stores", func(context.Context) error { s.close(); return nil })
	return s, nil
}
