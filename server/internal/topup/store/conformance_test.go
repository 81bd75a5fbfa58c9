package topupstore

import (
	"context"
	"errors"
	"os"
	"sync/atomic"
	"testing"
	"time"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/topup"
)

const account = "demo"

func suite() sqldbtest.Suite[*Store] {
	return sqldbtest.Suite[*Store]{
		Open: func(t testing.TB, db *sqldb.DB) *Store {
			t.Helper()
			if err := db.Migrate(t.Context(), Migrations()); err != nil {
				t.Fatal(err)
			}
			return New(db)
		},
		Tests: map[string]func(*testing.T, *Store){
			"a key is one top-up": oneKey, "money goes to the number once": done, "money goes back once": refunded,
			"a wrong payment changes nothing": wrongPayments, "money after the end is money": late, "steps are claimed once": claims,
		},
		Many: map[string]func(*testing.T, []*Store){"one end of many": oneEnd},
	}
}

func TestSQLite(t *testing.T) { suite().SQLite(t) }

func TestMySQL(t *testing.T) { suite().MySQL(t, os.Getenv) }

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 15) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, Statements(sqldb.Dialects()[0]), 10)
}

func TestEnginesShareStatements(t *testing.T) { sqldbtest.SameOnAllEngines(t, Statements) }

func TestEveryQueryUsesAnIndex(t *testing.T) {
	s := suite().Open(t, sqldbtest.Open(t, sqldbtest.NewSQLite(t)))
	sqldbtest.ExplainSQLite(t, s.db.Read, Statements(s.db.Dialect))
}

func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	s := suite().Open(t, sqldbtest.Open(t, sqldbtest.NewMySQL(t, os.Getenv)))
	sqldbtest.Fill(t, s.db.Read)
	sqldbtest.ExplainMySQL(t, s.db.Read, Statements(s.db.Dialect))
}

// begun is a new top-up of 3000 fen.
func begun(t *testing.T, s *Store) topup.TopUp {
	t.Helper()
	made, err := s.Create(t.Context(), topup.TopUp{
		Serial: sqldbtest.Unique("T"), Account: account, OpenID: sqldbtest.Unique("o"), Phone: "13800000001", Key: sqldbtest.Unique("k"), Fen: 3000,
		Expires: time.Now().Add(time.Hour).Truncate(time.Second),
	}, 0)
	if err != nil {
		t.Fatal(err)
	}
	return made
}

func paid(t *testing.T, s *Store) topup.TopUp {
	t.Helper()
	made := begun(t, s)
	refused(t, s.Pay(t.Context(), account, made.Serial, "42", 3000, time.Hour), nil)
	return made
}

func refused(t *testing.T, err, want error) {
	t.Helper()
	if !errors.Is(err, want) {
		t.Errorf("error %v, want %v", err, want)
	}
}

// is fails the test unless a top-up is in a state, and the books are whole.
func is(t *testing.T, s *Store, serial string, want topup.State) {
	t.Helper()
	got, err := s.Load(t.Context(), account, serial)
	if err != nil || got.State != want {
		t.Errorf("the top-up is %s, %v; want %s", got.State, err, want)
	}
	whole(t, s)
}

// whole fails the test unless nothing is missing and the entries sum to 0.
func whole(t *testing.T, s *Store) topup.Books {
	t.Helper()
	b, err := s.Books(t.Context())
	if err != nil || b.Missing != 0 {
		t.Errorf("books %+v, %v", b, err)
	}
	var sum, odd int64
	if err := s.db.Read.GetContext(t.Context(), &sum, "SELECT COALESCE(SUM(fen), 0) FROM topup_entry"); err != nil || sum != 0 {
		t.Errorf("the entries sum to %d, %v", sum, err)
	}
	const perTopUp = "SELECT COUNT(*) FROM (SELECT t.serial FROM topup t LEFT JOIN topup_entry e ON e.serial = t.serial AND e.book = 'open' " +
		"GROUP BY t.serial, t.state, t.fen HAVING COALESCE(SUM(e.fen), 0) <> CASE WHEN t.state IN ('paid', 'sent', 'refunding') THEN t.fen ELSE 0 END) AS off_books"
	if err := s.db.Read.GetContext(t.Context(), &odd, perTopUp); err != nil || odd != 0 {
		t.Errorf("%d top-ups differ from their entries, %v", odd, err)
	}
	return b
}

func oneKey(t *testing.T, s *Store) {
	first := begun(t, s)
	again := first
	again.Serial = sqldbtest.Unique("T")
	got, err := s.Create(t.Context(), again, 0)
	if err != nil || got.Serial != first.Serial || !got.Expires.Equal(first.Expires) || got.State != topup.StateCreated {
		t.Errorf("the same key: %+v, %v; want %+v", got, err, first)
	}
	again.Fen = 5000
	_, err = s.Create(t.Context(), again, 0)
	refused(t, err, topup.ErrKeyUsed)
	list, err := s.Of(t.Context(), account, first.OpenID, 5)
	if err != nil || len(list) != 1 || list[0].Serial != first.Serial {
		t.Errorf("own top-ups: %+v, %v", list, err)
	}
	_, err = s.Load(t.Context(), "other", first.Serial)
	refused(t, err, topup.ErrNoTopUp)
}

func done(t *testing.T, s *Store) {
	before := whole(t, s)
	made := paid(t, s)
	refused(t, s.Pay(t.Context(), account, made.Serial, "42", 3000, 0), topup.ErrRepeated)
	refused(t, s.Pay(t.Context(), account, made.Serial, "43", 3000, 0), topup.ErrTransaction)
	is(t, s, made.Serial, topup.StatePaid)
	refused(t, s.Sent(t.Context(), made.Serial, time.Hour), nil)
	is(t, s, made.Serial, topup.StateSent)
	refused(t, s.Done(t.Context(), made.Serial), nil)
	refused(t, s.Done(t.Context(), made.Serial), topup.ErrRepeated)
	refused(t, s.Sent(t.Context(), made.Serial, time.Hour), nil)
	refused(t, s.Refuse(t.Context(), made.Serial, "late"), topup.ErrNotPaid)
	refused(t, s.Refund(t.Context(), account, made.Serial, 3000), topup.ErrNotPaid)
	refused(t, s.Pay(t.Context(), account, made.Serial, "42", 3000, 0), topup.ErrRepeated)
	is(t, s, made.Serial, topup.StateDone)
	after := whole(t, s)
	if after.In-before.In != 3000 || after.Done-before.Done != 3000 || after.Open != before.Open {
		t.Errorf("books %+v, then %+v", before, after)
	}
}

func refunded(t *testing.T, s *Store) {
	before := whole(t, s)
	made := paid(t, s)
	refused(t, s.Refuse(t.Context(), made.Serial, "因"), nil)
	refused(t, s.Refuse(t.Context(), made.Serial, "因"), topup.ErrRepeated)
	is(t, s, made.Serial, topup.StateRefunding)
	refused(t, s.Done(t.Context(), made.Serial), topup.ErrNotPaid)
	refused(t, s.Refund(t.Context(), account, made.Serial, 2999), topup.ErrAmount)
	refused(t, s.Refund(t.Context(), "other", made.Serial, 3000), topup.ErrNoTopUp)
	refused(t, s.Refund(t.Context(), account, made.Serial, 3000), nil)
	refused(t, s.Refund(t.Context(), account, made.Serial, 3000), topup.ErrRepeated)
	refused(t, s.Pay(t.Context(), account, made.Serial, "42", 3000, 0), topup.ErrRepeated)
	is(t, s, made.Serial, topup.StateRefunded)
	if after := whole(t, s); after.In-before.In != 3000 || after.Refunded-before.Refunded != 3000 {
		t.Errorf("books %+v, then %+v", before, after)
	}
}

func wrongPayments(t *testing.T, s *Store) {
	made := begun(t, s)
	refused(t, s.Pay(t.Context(), account, made.Serial, "42", 3001, 0), topup.ErrAmount)
	refused(t, s.Pay(t.Context(), "other", made.Serial, "42", 3000, 0), topup.ErrNoTopUp)
	refused(t, s.Pay(t.Context(), account, "T-no", "42", 3000, 0), topup.ErrNoTopUp)
	refused(t, s.Done(t.Context(), made.Serial), topup.ErrNotPaid)
	refused(t, s.Refuse(t.Context(), made.Serial, ""), topup.ErrNotPaid)
	refused(t, s.Done(t.Context(), "T-no"), topup.ErrNoTopUp)
	is(t, s, made.Serial, topup.StateCreated)
}

func late(t *testing.T, s *Store) {
	made := begun(t, s)
	refused(t, s.Close(t.Context(), made.Serial), nil)
	is(t, s, made.Serial, topup.StateClosed)
	refused(t, s.Pay(t.Context(), account, made.Serial, "42", 3000, time.Hour), nil)
	refused(t, s.Close(t.Context(), made.Serial), nil)
	is(t, s, made.Serial, topup.StatePaid)
}

func claims(t *testing.T, s *Store) {
	made := begun(t, s)
	due, err := s.Due(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range due {
		if d.Serial != made.Serial {
			continue
		}
		first, err := s.Claim(t.Context(), d, time.Hour)
		second, err2 := s.Claim(t.Context(), d, time.Hour)
		if !first || second || err != nil || err2 != nil {
			t.Errorf("claimed %v, %v, then %v, %v", first, err, second, err2)
		}
		if got, err := s.Load(t.Context(), account, made.Serial); err != nil || got.Tries != 1 || time.Until(got.Next) < 50*time.Minute {
			t.Errorf("after the claim: %+v, %v", got, err)
		}
		return
	}
	t.Errorf("a top-up that is due is not among %d", len(due))
}

// oneEnd: of servers that end one top-up at the same time in both ways one wins.
func oneEnd(t *testing.T, stores []*Store) {
	for range 20 {
		made := paid(t, stores[0])
		var ends atomic.Int32
		sqldbtest.Together(stores, func(i int, s *Store) {
			end := s.Done
			if i%2 == 1 {
				end = func(ctx context.Context, serial string) error { return s.Refuse(ctx, serial, "") }
			}
			if end(t.Context(), made.Serial) == nil {
				ends.Add(1)
			}
		})
		if ends.Load() != 1 {
			t.Errorf("%d servers ended one top-up", ends.Load())
		}
		whole(t, stores[0])
	}
}
