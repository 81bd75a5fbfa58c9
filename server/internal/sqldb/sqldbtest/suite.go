package sqldbtest

import (
	"context"
	"sync"
	"testing"

	"oalab/server/internal/sqldb"
)

// Suite is what a store must do on every engine. The tests use keys of their own, so that
// they can share a database.
type Suite[S any] struct {
	// Open makes the store over an open database, which has the tables of the core, and closes
	// it when the test ends.
	Open func(tb testing.TB, db *sqldb.DB) S
	// Tests are those of one store, by name.
	Tests map[string]func(*testing.T, S)
	// Many are those of several servers on one database, each with connections of its own, as
	// processes have.
	Many map[string]func(*testing.T, []S)
}

// servers is how many open one database in the tests of many.
const servers = 4

// SQLite runs the suite on SQLite: each test has a database of its own, those of many share
// one.
func (s Suite[S]) SQLite(t *testing.T) {
	t.Helper()
	for name, test := range s.Tests {
		t.Run(name, func(t *testing.T) { test(t, s.Open(t, Open(t, NewSQLite(t)))) })
	}
	s.many(t, NewSQLite(t))
}

// MySQL runs the suite on one MySQL database, see the function MySQL.
func (s Suite[S]) MySQL(t *testing.T, getenv func(string) string) {
	t.Helper()
	cfg := NewMySQL(t, getenv)
	for name, test := range s.Tests {
		t.Run(name, func(t *testing.T) { test(t, s.Open(t, Open(t, cfg))) })
	}
	s.many(t, cfg)
}

func (s Suite[S]) many(t *testing.T, cfg sqldb.Config) {
	t.Helper()
	if len(s.Many) == 0 {
		return
	}
	stores := make([]S, servers)
	for i := range stores {
		stores[i] = s.Open(t, Open(t, cfg))
	}
	for name, test := range s.Many {
		t.Run("many: "+name, func(t *testing.T) { test(t, stores) })
	}
}

// Together calls do for every store at once.
func Together[S any](stores []S, do func(server int, store S)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i, store := range stores {
		wg.Go(func() {
			<-start
			do(i, store)
		})
	}
	close(start)
	wg.Wait()
}

// Batches runs a batch of old rows until there are no more, without a pause, and returns how
// many rows were removed.
func Batches(tb testing.TB, batch func(ctx context.Context) (rows int, more bool, err error)) (total int) {
	tb.Helper()
	for {
		n, more, err := batch(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		if total += n; !more {
			return total
		}
	}
}
