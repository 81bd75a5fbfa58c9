package userlogstore_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/jmoiron/sqlx"

	"oalab/server/internal/freshness"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/userlog"
	userlogstore "oalab/server/internal/userlog/store"
)

// november is the time of the tests of the log.
var november = time.Date(2026, time.November, 24, 11, 0, 0, 0, time.UTC)

// sixMonthsBefore is the beginning of what is kept.
func sixMonthsBefore(t time.Time) time.Time {
	return time.Date(t.Year(), t.Month()-6, 1, 0, 0, 0, 0, time.UTC)
}

// servers is how many open one database in these tests, each with connections of
// its own, as processes do.
const servers = 4

func TestSQLiteLog(t *testing.T) { conformance(t, sqldbtest.NewSQLite) }

func TestMySQLLog(t *testing.T) { conformance(t, newMySQL) }

// conformance is what every engine must do with the user log.
func conformance(t *testing.T, newDatabase newConfig) {
	t.Run("before its tables are there", func(t *testing.T) { noTables(t, newDatabase(t)) })
	t.Run("beside the core in one database", func(t *testing.T) { oneDatabase(t, newDatabase(t)) })
	cfg := newDatabase(t)
	dbs := make([]*userlogstore.Store, servers)
	var wg sync.WaitGroup
	for i := range dbs {
		dbs[i] = open(t, cfg)
		wg.Go(func() {
			if err := dbs[i].MaintainAt(t.Context(), november, 6); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for _, part := range []struct {
		name string
		test func(*testing.T, []*userlogstore.Store)
	}{
		{"a message has one row", oneRow},
		{"search by follower, type and time", searchLog},
		{"taps are counted by day", tapsByDay},
		{"every byte comes back", everyByteOfTheLog},
		{"batches of many servers at once", batchesOfMany},
		{"a clock that is ahead drops nothing", clockAhead},
		{"old months go, years pass", monthsPass},
	} {
		t.Run(part.name, func(t *testing.T) { part.test(t, dbs) })
	}
}

func logMessage(account, key string, at time.Time) userlog.Message {
	return userlog.Message{
		Account: account, OpenID: "oFollower", Key: key, Type: "text", Content: "流量😀", Answer: "reply",
		SentAt: at.Unix(), ReceivedAt: at.UnixMilli() + 7,
	}
}

// find returns the messages of a follower, the latest first.
func find(t *testing.T, db *userlogstore.Store, f userlog.Filter) []userlog.Message {
	t.Helper()
	if f.To.IsZero() {
		f.From, f.To = time.Unix(0, 0), november.AddDate(100, 0, 0)
	}
	if f.OpenID == "" && f.Type == "" {
		f.OpenID = "oFollower"
	}
	if f.Limit == 0 {
		f.Limit = 10_000
	}
	found, err := db.Messages(t.Context(), f)
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func noTables(t *testing.T, cfg sqldb.Config) {
	db := open(t, cfg)
	m := logMessage("a", "m", november)
	if err := db.AppendMessages(t.Context(), []userlog.Message{m}); err == nil || errors.Is(err, userlog.ErrRefused) {
		t.Errorf("no table: %v; want an error that does not blame the row", err)
	}
	if err := db.MaintainAt(t.Context(), november, 6); err != nil {
		t.Fatal(err)
	}
	if err := db.AppendMessages(t.Context(), []userlog.Message{m}); err != nil {
		t.Error(err)
	}
}

func oneDatabase(t *testing.T, cfg sqldb.Config) {
	cfg.LogDSN = cfg.CoreDSN
	core := sqldbtest.Open(t, cfg)
	logs := open(t, cfg)
	for range 2 {
		if err := logs.MaintainAt(t.Context(), november, 6); err != nil {
			t.Fatal(err)
		}
		if err := core.Migrate(t.Context(), sqldb.Core()); err != nil {
			t.Fatal(err)
		}
	}
	if err := core.Update(t.Context(), "change", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.Changed(ctx, tx, freshness.Keywords)
	}); err != nil {
		t.Error(err)
	}
	if err := logs.AppendMessages(t.Context(), []userlog.Message{logMessage("a", "m", november)}); err != nil {
		t.Error(err)
	}
}

// The tries of a message may come to several servers, and a batch may be repeated
// when it is not known what became of it.
func oneRow(t *testing.T, dbs []*userlogstore.Store) {
	account := sqldbtest.Unique("a")
	first := logMessage(account, "m1", november)
	again := first
	again.ReceivedAt, again.Answer = again.ReceivedAt+5000, "default"
	later := logMessage(account, "m1", november.Add(time.Second)) // another message: keys may collide over the months
	batch := []userlog.Message{first, again, later}
	for _, db := range dbs {
		if err := db.AppendMessages(t.Context(), batch); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff([]userlog.Message{later, first}, find(t, dbs[0], userlog.Filter{Account: account})); diff != "" {
		t.Error(diff)
	}
	if err := dbs[0].AppendMessages(t.Context(), nil); err != nil {
		t.Errorf("an empty batch: %v", err)
	}
}

func searchLog(t *testing.T, dbs []*userlogstore.Store) {
	db, account := dbs[0], sqldbtest.Unique("a")
	var all []userlog.Message
	for i := range 60 {
		m := logMessage(account, fmt.Sprint(i), november.Add(-time.Duration(i)*24*time.Hour))
		if i%3 == 0 {
			m.Type, m.Event, m.EventKey, m.Content, m.OpenID = "event", "CLICK", "MENU_1", "", "oOther"
		}
		all = append(all, m)
	}
	other := logMessage(sqldbtest.Unique("a"), "1", november)
	if err := db.AppendMessages(t.Context(), append(all, other)); err != nil {
		t.Fatal(err)
	}
	pick := func(ok func(i int) bool) (want []userlog.Message) {
		for i, m := range all {
			if ok(i) {
				want = append(want, m)
			}
		}
		return want
	}
	day := func(n int) time.Time { return november.AddDate(0, 0, n) }
	for _, tt := range []struct {
		name   string
		filter userlog.Filter
		want   []userlog.Message
	}{
		{"of a follower", userlog.Filter{OpenID: "oOther"}, pick(func(i int) bool { return i%3 == 0 })},
		{"of a type", userlog.Filter{Type: "text"}, pick(func(i int) bool { return i%3 != 0 })},
		{"over a month's end", userlog.Filter{Type: "event", From: day(-30), To: day(-20)}, pick(func(i int) bool { return i%3 == 0 && i > 20 && i <= 30 })},
		{"the latest", userlog.Filter{OpenID: "oFollower", Limit: 3}, pick(func(i int) bool { return i == 1 || i == 2 || i == 4 })},
		{"nobody", userlog.Filter{OpenID: "nobody"}, nil},
	} {
		tt.filter.Account = account
		if diff := cmp.Diff(tt.want, find(t, db, tt.filter), cmp.Transformer("", func(m []userlog.Message) []userlog.Message { return append([]userlog.Message{}, m...) })); diff != "" {
			t.Errorf("%s:\n%s", tt.name, diff)
		}
	}
	if _, err := db.Messages(t.Context(), userlog.Filter{Account: account, To: november}); err == nil {
		t.Error("a search of everything is accepted")
	}
}

func everyByteOfTheLog(t *testing.T, dbs []*userlogstore.Store) {
	account := sqldbtest.Unique("a")
	var batch []userlog.Message
	for i, s := range []string{"", " ", "k ", "K", "\\", "'; DROP TABLE user_log; --", "\"?%s", "\x00", "\n\r\t", "😀", "e\u0301"} {
		m := logMessage(account, "key"+s, november.Add(-time.Duration(i)*time.Second))
		m.Content, m.EventKey = s, s
		batch = append(batch, m)
	}
	if err := dbs[0].AppendMessages(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(batch, find(t, dbs[1], userlog.Filter{Account: account})); diff != "" {
		t.Error(diff)
	}
}

// Full batches with the same tries in them, in another order.
func batchesOfMany(t *testing.T, dbs []*userlogstore.Store) {
	account := sqldbtest.Unique("a")
	const rounds, size = 8, 256
	var wg sync.WaitGroup
	for server, db := range dbs {
		wg.Go(func() {
			for round := range rounds {
				batch := make([]userlog.Message, size)
				for i := range batch {
					n := (i*7 + server*64) % size // 7 has no factor in common with 256
					batch[i] = logMessage(account, fmt.Sprint(round, "-", n), november.Add(time.Duration(n)*time.Minute))
				}
				if err := db.AppendMessages(t.Context(), batch); err != nil {
					t.Errorf("server %d: %v", server, err)
				}
			}
		})
	}
	wg.Wait()
	if n := len(find(t, dbs[0], userlog.Filter{Account: account})); n != rounds*size {
		t.Errorf("%d rows, want %d", n, rounds*size)
	}
}

// monthsPass walks through time. A message keeps its row until its month is old,
// whatever the clock said when it came.
func monthsPass(t *testing.T, dbs []*userlogstore.Store) {
	account := sqldbtest.Unique("a")
	at := []time.Time{
		time.Unix(0, 0), november.AddDate(-1, 0, 0), // strays of the past
		november.AddDate(0, -5, 0), november, november.AddDate(0, 1, 0), november.AddDate(0, 3, 20),
		november.AddDate(0, 9, 0), november.AddDate(30, 0, 0), // strays of the future
	}
	var batch []userlog.Message
	for i := range 40 { // more than one batch of deletions has to cope with a second
		for j, when := range at {
			batch = append(batch, logMessage(account, fmt.Sprint(i, "-", j), when))
		}
	}
	if err := dbs[0].AppendMessages(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	for _, months := range []int{0, 0, 1, 3, 7, 30} {
		now := november.AddDate(0, months, 0)
		oldest := sixMonthsBefore(now)
		if err := dbs[0].AppendMessages(t.Context(), []userlog.Message{logMessage(account, sqldbtest.Unique("m"), now.Add(-time.Second))}); err != nil {
			t.Errorf("a message after %d months: %v", months, err)
		}
		var wg sync.WaitGroup
		for _, db := range dbs {
			wg.Go(func() {
				if err := db.MaintainAt(t.Context(), now, 6); err != nil {
					t.Errorf("after %d months: %v", months, err)
				}
			})
		}
		wg.Wait()
		left := make(map[int64]int)
		for _, m := range find(t, dbs[0], userlog.Filter{Account: account}) {
			left[m.SentAt]++
		}
		for _, when := range at {
			n := left[when.Unix()]
			// A stray of the past may stand in the oldest month and go with it.
			if kept := !when.Before(oldest); kept && n != 40 || !kept && when.Year() >= 2026 && n != 0 {
				t.Errorf("after %d months, of %s: %d rows, kept %t", months, when.UTC().Format(time.DateOnly), n, kept)
			}
		}
	}
}

// clockAhead: the newest six months stay, and the month of the newest row, also when the
// database's clock is ahead, and beside rows of the future.
func clockAhead(t *testing.T, dbs []*userlogstore.Store) {
	account := sqldbtest.Unique("a")
	var batch []userlog.Message
	for months := range 7 {
		batch = append(batch, logMessage(account, fmt.Sprint("m", months), november.AddDate(0, -months, 0)))
	}
	batch = append(batch, logMessage(account, "stray", november.AddDate(50, 0, 0)))
	if err := dbs[0].AppendMessages(t.Context(), batch); err != nil {
		t.Fatal(err)
	}
	for _, months := range []int{7, 1, 240} {
		if err := dbs[months%len(dbs)].MaintainAt(t.Context(), november.AddDate(0, months, 0), 6); err != nil {
			t.Errorf("a clock that is %d months ahead: %v", months, err)
		}
		if n := len(find(t, dbs[0], userlog.Filter{Account: account})); n != len(batch) {
			t.Fatalf("a clock that is %d months ahead left %d rows of %d", months, n, len(batch))
		}
	}
}

// TestMySQLRefusesARow: what one row holds is told apart from what the server is.
func TestMySQLRefusesARow(t *testing.T) {
	cfg := newMySQL(t)
	db := open(t, cfg)
	if err := db.MaintainAt(t.Context(), november, 6); err != nil {
		t.Fatal(err)
	}
	good, bad := logMessage("a", "good", november), logMessage("a", "bad", november)
	bad.EventKey = strings.Repeat("x", 300)
	if err := db.AppendMessages(t.Context(), []userlog.Message{good, bad}); !errors.Is(err, userlog.ErrRefused) {
		t.Errorf("a row that is too long: %v", err)
	}
	if n := len(find(t, db, userlog.Filter{Account: "a"})); n != 0 {
		t.Errorf("%d rows of a refused batch", n)
	}
}

// tapsByDay: taps on buttons are counted, and neither other events nor other accounts nor
// messages. Days begin in the zone of the store.
func tapsByDay(t *testing.T, dbs []*userlogstore.Store) {
	t.Helper()
	var rows []userlog.Message
	for i, m := range []struct {
		account, kind, event, key string
		at                        time.Time
	}{
		{"taps", "event", "CLICK", "Q", november},
		{"taps", "event", "CLICK", "Q", november.Add(time.Second)},
		{"taps", "event", "CLICK", "q", november},
		{"taps", "event", "VIEW", "https://oa.example/", november},
		{"taps", "event", "CLICK", "Q", november.Add(13 * time.Hour)},
		{"taps", "event", "subscribe", "", november},
		{"taps", "text", "", "", november},
		{"others", "event", "CLICK", "Q", november},
		{"taps", "event", "CLICK", "Q", november.Add(-time.Second)},
	} {
		row := logMessage(m.account, fmt.Sprintf("tap%d", i), m.at)
		row.Type, row.Event, row.EventKey = m.kind, m.event, m.key
		rows = append(rows, row)
	}
	if err := dbs[0].AppendMessages(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	got, err := dbs[1].Taps(t.Context(), "taps", november, november.Add(24*time.Hour))
	want := map[userlog.Tap]int{
		{Day: 20261124, Event: "CLICK", Key: "Q"}: 2, {Day: 20261124, Event: "CLICK", Key: "q"}: 1,
		{Day: 20261124, Event: "VIEW", Key: "https://oa.example/"}: 1, {Day: 20261125, Event: "CLICK", Key: "Q"}: 1,
	}
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("%v, -want +got\n%s", err, diff)
	}
}
