package oauthstore

import (
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/oauth"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func open(tb testing.TB, db *sqldb.DB) *Store {
	tb.Helper()
	if err := db.Migrate(tb.Context(), Migrations()); err != nil {
		tb.Fatal(err)
	}
	return New(db)
}

var conformance = sqldbtest.Suite[*Store]{
	Open: open,
	Tests: map[string]func(*testing.T, *Store){
		"a user is kept to the byte":       byteForByte,
		"a follower belongs to an account": apart,
		"logins at once leave one row":     atOnce,
	},
}

func TestSQLite(t *testing.T) { conformance.SQLite(t) }

func TestMySQL(t *testing.T) { conformance.MySQL(t, os.Getenv) }

func user(openid string) oauth.User {
	now := time.Now().Truncate(time.Millisecond)
	return oauth.User{
		Account: "demo", OpenID: openid, UnionID: "u", Profile: oauth.Profile{Nickname: "流量😀'\"\\", Picture: "http://p/0", At: now},
		Tokens: oauth.SealedTokens{
			KeyID: "k1", Access: []byte{0, 1, 0xff, '\'', 0}, Refresh: []byte{0xff, 0}, AccessUntil: now.Add(time.Hour), RefreshUntil: now.Add(720 * time.Hour),
		},
	}
}

func save(t *testing.T, s *Store, u oauth.User) {
	t.Helper()
	if err := s.SaveUser(t.Context(), u); err != nil {
		t.Fatal(err)
	}
}

func same(t *testing.T, s *Store, want oauth.User) {
	t.Helper()
	got, err := s.LoadUser(t.Context(), want.Account, want.OpenID)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

func byteForByte(t *testing.T, s *Store) {
	u := user(sqldbtest.Unique("o"))
	if _, err := s.LoadUser(t.Context(), u.Account, u.OpenID); !errors.Is(err, oauth.ErrNoUser) {
		t.Errorf("a user that was never kept: %v", err)
	}
	save(t, s, u)
	same(t, s, u)
	save(t, s, u) // nothing changes
	u.Profile, u.Tokens.KeyID, u.Tokens.Access = oauth.Profile{Nickname: "other"}, "k2", []byte("x")
	save(t, s, u)
	same(t, s, u)
}

func apart(t *testing.T, s *Store) {
	one := user(sqldbtest.Unique("o"))
	other := one
	other.Account, other.Profile.Nickname = "second", "another one"
	upper := user("O" + one.OpenID[1:])
	save(t, s, one)
	save(t, s, other)
	save(t, s, upper)
	same(t, s, one)
	same(t, s, other)
	same(t, s, upper)
}

func atOnce(t *testing.T, s *Store) {
	u := user(sqldbtest.Unique("o"))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { save(t, s, u) })
	}
	wg.Wait()
	same(t, s, u)
}

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string { return []string{selectProfile} }

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 10) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 1)
}

func TestEnginesShareStatements(t *testing.T) { sqldbtest.SameOnAllEngines(t, statements) }

func TestStatementsOfOrders(t *testing.T) { sqldbtest.CountedForOrders(t, statements) }

// TestEveryQueryUsesAnIndex asks SQLite how it would run each statement.
func TestEveryQueryUsesAnIndex(t *testing.T) {
	s := open(t, sqldbtest.Open(t, sqldbtest.NewSQLite(t)))
	sqldbtest.ExplainSQLite(t, s.db.Read, statements(s.db.Dialect))
}

// TestEveryMySQLQueryUsesAnIndex asks MySQL how it would run each statement on
// tables that are worth an index.
func TestEveryMySQLQueryUsesAnIndex(t *testing.T) {
	t.Parallel()
	s := open(t, sqldbtest.Open(t, sqldbtest.NewMySQL(t, os.Getenv)))
	sqldbtest.Fill(t, s.db.Read)
	sqldbtest.ExplainMySQL(t, s.db.Read, statements(s.db.Dialect))
}
