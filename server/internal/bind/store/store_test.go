package bindstore

import (
	"context"
	"errors"
	"os"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/server/internal/bind"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

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
		"a code is taken once":   takenOnce,
		"wrong codes lock":       wrongLock,
		"a code ends":            ends,
		"attempts are limited":   limited,
		"attempts at once count": atOnce,
		"what is old goes":       oldGoes,
	},
}

func TestSQLite(t *testing.T) { conformance.SQLite(t) }

func TestMySQL(t *testing.T) { conformance.MySQL(t, os.Getenv) }

// loose are limits that let a test go on at once.
func loose() bind.Limits {
	return bind.Limits{Life: time.Minute, Wrong: 3, Lock: time.Hour, Gap: time.Millisecond, Hourly: 1000}
}

func fresh() bind.Attempt {
	return bind.Attempt{
		Account: "demo", OpenID: sqldbtest.Unique("o"), Phone: sqldbtest.Unique("p"), Key: "ask", Salt: []byte{0, 0xff}, Sum: []byte{1, 0xfe},
	}
}

func begin(t *testing.T, s *Store, a bind.Attempt, l bind.Limits, wantAgain bool, want error) {
	t.Helper()
	if again, err := s.Begin(t.Context(), a, l); again != wantAgain || !errors.Is(err, want) || (err == nil) != (want == nil) {
		t.Errorf("begin %s: again %t, %v; want %t, %v", a.Key, again, err, wantAgain, want)
	}
}

func judge(t *testing.T, s *Store, a bind.Attempt, key string, right bool, l bind.Limits, want bind.Verdict, wantLeft int) {
	t.Helper()
	got, v, left, err := s.Judge(t.Context(), a.Account, a.OpenID, key, func(salt, sum []byte) bool {
		return right && string(salt) == string(a.Salt) && string(sum) == string(a.Sum)
	}, l)
	if err != nil || v != want || left != wantLeft || v == bind.VerdictRight && got.Phone != a.Phone {
		t.Errorf("judge %s: %+v is %q with %d left, %v; want %q, %d", key, got, v, left, err, want, wantLeft)
	}
}

func takenOnce(t *testing.T, s *Store) {
	a, l := fresh(), loose()
	judge(t, s, a, "k0", true, l, bind.VerdictNone, 0)
	begin(t, s, a, l, false, nil)
	begin(t, s, a, l, true, nil)
	judge(t, s, a, "k1", false, l, bind.VerdictWrong, 2)
	judge(t, s, a, "k1", true, l, bind.VerdictWrong, 2) // the same message has its verdict
	judge(t, s, a, "k2", true, l, bind.VerdictRight, 3)
	judge(t, s, a, "k2", false, l, bind.VerdictRight, 3)
	judge(t, s, a, "k3", true, l, bind.VerdictNone, 3)
	if err := s.SaveNumber(t.Context(), bind.Number{Phone: a.Phone, Carrier: "mobile", Province: "广东", City: "深圳"}); err != nil {
		t.Error(err)
	}
	var city string
	if err := s.db.Read.GetContext(t.Context(), &city, "SELECT city FROM bind_number WHERE phone = ?", a.Phone); err != nil || city != "深圳" {
		t.Errorf("the number is from %q, %v", city, err)
	}
}

func wrongLock(t *testing.T, s *Store) {
	a, l := fresh(), loose()
	begin(t, s, a, l, false, nil)
	judge(t, s, a, "k1", false, l, bind.VerdictWrong, 2)
	judge(t, s, a, "k2", false, l, bind.VerdictWrong, 1)
	judge(t, s, a, "k3", false, l, bind.VerdictLocked, 0)
	judge(t, s, a, "k4", true, l, bind.VerdictLocked, 0) // the right one, too late
	next := a
	next.Key = "ask again"
	<-time.After(5 * time.Millisecond)
	begin(t, s, next, l, false, bind.ErrLocked)
	l.Lock = time.Millisecond
	b := fresh()
	begin(t, s, b, l, false, nil)
	for _, key := range []string{"k1", "k2"} {
		judge(t, s, b, key, false, l, bind.VerdictWrong, map[string]int{"k1": 2, "k2": 1}[key])
	}
	judge(t, s, b, "k3", false, l, bind.VerdictLocked, 0)
	<-time.After(10 * time.Millisecond)
	next = b
	next.Key = "after the lock"
	begin(t, s, next, l, false, nil)
	judge(t, s, next, "k4", true, l, bind.VerdictRight, 3)
}

func ends(t *testing.T, s *Store) {
	a, l := fresh(), loose()
	l.Life = time.Millisecond
	begin(t, s, a, l, false, nil)
	<-time.After(10 * time.Millisecond)
	judge(t, s, a, "k1", true, l, bind.VerdictExpired, 3)
	b := fresh() // one by a password awaits no code
	b.Salt, b.Sum = nil, nil
	begin(t, s, b, loose(), false, nil)
	judge(t, s, b, "k1", true, loose(), bind.VerdictNone, 3)
}

func limited(t *testing.T, s *Store) {
	a, l := fresh(), loose()
	l.Gap = time.Hour
	begin(t, s, a, l, false, nil)
	next := a
	next.Key = "at once"
	begin(t, s, next, l, false, bind.ErrTooSoon)
	another := fresh() // another follower, the same number
	another.Phone = a.Phone
	begin(t, s, another, l, false, bind.ErrTooSoon)
	another.Phone = sqldbtest.Unique("p") // what was refused has left nothing
	begin(t, s, another, l, false, nil)
	l.Gap, l.Hourly = time.Millisecond, 2
	b := fresh()
	for _, key := range []string{"1", "2", "3"} {
		<-time.After(5 * time.Millisecond)
		b.Key, b.Phone = key, sqldbtest.Unique("p")
		want := error(nil)
		if key == "3" {
			want = bind.ErrTooMany
		}
		begin(t, s, b, l, false, want)
	}
}

// oldGoes: an attempt goes when it is old and locks no follower; what is known of a number goes
// when no follower has bound it.
func oldGoes(t *testing.T, s *Store) {
	l := loose()
	old, locked, bound := fresh(), fresh(), fresh()
	for _, a := range []bind.Attempt{old, locked, bound} {
		begin(t, s, a, l, false, nil)
	}
	for _, key := range []string{"k1", "k2", "k3"} {
		if _, _, _, err := s.Judge(t.Context(), locked.Account, locked.OpenID, key, func([]byte, []byte) bool { return false }, l); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := s.db.One(t.Context(), "bind", "INSERT INTO bind (account, openid, phone, created_at) VALUES (?, ?, ?, 1)", bound.Account, bound.OpenID, bound.Phone); err != nil {
		t.Fatal(err)
	}
	there := func(a bind.Attempt) (attempt, number int) {
		t.Helper()
		for query, into := range map[string]*int{
			"SELECT COUNT(*) FROM bind_attempt WHERE openid = ?": &attempt, "SELECT COUNT(*) FROM bind_number WHERE phone = ?": &number,
		} {
			arg := a.OpenID
			if into == &number {
				arg = a.Phone
			}
			if err := s.db.Read.GetContext(t.Context(), into, query, arg); err != nil {
				t.Fatal(err)
			}
		}
		return attempt, number
	}
	remove := func(before time.Time) {
		t.Helper()
		for _, batch := range []func(context.Context) (int, bool, error){s.OldAttempts(before), s.OldNumbers(before)} {
			for more := true; more; {
				var err error
				if _, more, err = batch(t.Context()); err != nil {
					t.Fatal(err)
				}
			}
		}
	}
	remove(time.Now().Add(-time.Minute))
	for name, a := range map[string]bind.Attempt{"old": old, "locked": locked, "bound": bound} {
		if attempt, number := there(a); attempt != 1 || number != 1 {
			t.Errorf("%s: a young one is gone: %d, %d", name, attempt, number)
		}
	}
	remove(time.Now().Add(time.Minute)) // the lock lasts an hour
	for name, tt := range map[string]struct {
		bind.Attempt
		attempt, number int
	}{"old": {old, 0, 0}, "locked": {locked, 1, 0}, "bound": {bound, 0, 1}} {
		if attempt, number := there(tt.Attempt); attempt != tt.attempt || number != tt.number {
			t.Errorf("%s: %d attempts and %d numbers, want %d and %d", name, attempt, number, tt.attempt, tt.number)
		}
	}
}

// atOnce: of attempts for one number at one time, by many followers, one is taken.
func atOnce(t *testing.T, s *Store) {
	l := loose()
	l.Gap = time.Hour
	number := sqldbtest.Unique("p")
	var mu sync.Mutex
	var wg sync.WaitGroup
	taken, refused := 0, 0
	for range 8 {
		wg.Go(func() {
			a := fresh()
			a.Phone = number
			_, err := s.Begin(t.Context(), a, l)
			mu.Lock()
			defer mu.Unlock()
			switch {
			case err == nil:
				taken++
			case errors.Is(err, bind.ErrTooSoon):
				refused++
			default:
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if taken != 1 || refused != 7 {
		t.Errorf("%d taken, %d refused", taken, refused)
	}
}

// statements returns every statement that reads or changes rows by a condition.
func statements(sqldb.Dialect) []string {
	return []string{
		selectAttempt, lockAttempt, beginAttempt, judgeAttempt, selectNumber, lockNumber, beginNumber, updateNumber,
		selectOldAttempts, deleteOldAttempt, selectOldNumbers, deleteOldNumber,
	}
}

func TestSchemasMatch(t *testing.T) { sqldbtest.SchemasMatch(t, Migrations().Files, 24) }

func TestNoStatementIsForgotten(t *testing.T) {
	sqldbtest.NoneForgotten(t, statements(sqldb.Dialects()[0]), 12)
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
