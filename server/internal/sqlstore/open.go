// Package sqlstore owns what is kept in the group core of the database: the bindings,
// the catalogue, the keyword answers, the replies, the orders and the outbox,
// on SQLite and on MySQL with the same statements (STO-1, STO-2). A method is one
// invariant: in a transaction, in one conditional statement, or in a share of one.
package sqlstore

import (
	"context"

	"oalab/server/internal/business"
	"oalab/server/internal/sqldb"
)

// DB is the open database of the group core. It is safe for concurrent use, and
// by several processes at once.
type DB struct {
	*sqldb.DB
	replies        *sqldb.Batches[*newReply]
	toldByTemplate *sqldb.Batches[string] // serials
	waits          *sqldb.Batches[string] // serials
	settled        *sqldb.Batches[int64]  // rows of the outbox
}

// Open opens the database and checks that it answers. It makes no table: see
// Migrate.
func Open(ctx context.Context, cfg sqldb.Config) (*DB, error) {
	engine, err := sqldb.Open(ctx, cfg)
	if err != nil {
		return nil, err
	}
	db := &DB{DB: engine}
	db.replies = sqldb.Gather(db.insertReplies)
	db.toldByTemplate = sqldb.Gather(func(ctx context.Context, serials []string) error {
		return db.markTold(ctx, business.ToldTemplate, serials)
	})
	db.waits = sqldb.Gather(db.touch)
	db.settled = sqldb.Gather(db.DeleteJobs)
	return db, nil
}

// Migrate makes the tables.
func (db *DB) Migrate(ctx context.Context) error { return db.DB.Migrate(ctx, sqldb.Core()) }

// Close ends the connections after the writes under way. It must be called once.
func (db *DB) Close() error {
	db.replies.Close()
	db.toldByTemplate.Close()
	db.waits.Close()
	db.settled.Close()
	return db.DB.Close()
}
