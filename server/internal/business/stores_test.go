package business_test

import (
	"testing"

	bindingstore "oalab/server/internal/binding/store"
	"oalab/server/internal/business"
	businessstore "oalab/server/internal/business/store"
	outboxstore "oalab/server/internal/outbox/store"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
)

// The stores of a process, by names of their own.
type (
	orders   = businessstore.Store
	replies  = replystore.Store
	bindings = bindingstore.Store
	rows     = outboxstore.Store
)

// stores are an open database with all that a Service keeps in it.
type stores struct {
	engine *sqldb.DB
	*orders
	*replies
	*bindings
	*rows
}

func openDB(t *testing.T, path string) *stores {
	t.Helper()
	db, err := sqldb.Open(t.Context(), sqldb.Config{CoreDSN: path})
	if err != nil {
		t.Fatal(err)
	}
	if err := db.Migrate(t.Context(), sqldb.Core()); err != nil {
		t.Fatal(err)
	}
	s := &stores{engine: db, replies: replystore.New(db), bindings: bindingstore.New(db), rows: outboxstore.New(db)}
	s.orders = businessstore.New(db, s.replies)
	return s
}

func (s *stores) close(t *testing.T) {
	t.Helper()
	s.orders.Close()
	s.replies.Close()
	s.rows.Close()
	if err := s.engine.Close(); err != nil {
		t.Error(err)
	}
}

// all are the stores as a Service takes them.
func (s *stores) all() business.Stores {
	return business.Stores{Orders: s.orders, Replies: s.replies, Phones: s.bindings, Waiting: s.rows}
}

// backlog is how many jobs have a row, and how many orders have not ended.
func (s *stores) backlog(t *testing.T) (jobs, unfinished int) {
	t.Helper()
	n, err := s.engine.Count(t.Context(), s.CountJobs(), s.CountUnfinished())
	if err != nil {
		t.Fatal(err)
	}
	return n[0], n[1]
}
