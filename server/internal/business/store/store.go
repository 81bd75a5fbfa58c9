// Package businessstore keeps the catalogue and the orders, with the archive of those that are
// done. A method is one invariant: in a transaction, in one conditional statement, or in a
// share of one (STO-1, STO-2, BIZ-4).
package businessstore

import (
	"context"

	"oalab/server/internal/business"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
)

// Store keeps the rows in an open database of the group core. It is safe for concurrent use,
// and by several processes at once.
type Store struct {
	db             *sqldb.DB
	replies        *replystore.Store      // an order is committed with the reply of its message
	toldByTemplate *sqldb.Batches[string] // serials
	waits          *sqldb.Batches[string] // serials
}

// New makes the store over that of the replies, which has the same database. It must be closed
// before that is.
func New(db *sqldb.DB, replies *replystore.Store) *Store {
	s := &Store{db: db, replies: replies}
	s.toldByTemplate = sqldb.Gather(func(ctx context.Context, serials []string) error {
		return s.markTold(ctx, business.ToldTemplate, serials)
	})
	s.waits = sqldb.Gather(s.touch)
	return s
}

// Close waits for the statements under way. It must be called once.
func (s *Store) Close() {
	s.toldByTemplate.Close()
	s.waits.Close()
}
