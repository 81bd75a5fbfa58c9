package replystore_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	replystore "oalab/server/internal/reply/store"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/wechat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// rig is the store with its database.
type rig struct {
	*sqldb.DB
	*replystore.Store
}

func open(tb testing.TB, db *sqldb.DB) *rig {
	tb.Helper()
	s := replystore.New(db)
	tb.Cleanup(s.Close)
	return &rig{db, s}
}

var suite = sqldbtest.Suite[*rig]{
	Open: open,
	Tests: map[string]func(*testing.T, *rig){
		"the first reply stays":                        firstReplyStays,
		"a reply of any form stays":                    replyForms,
		"servers from before the forms read texts":     replyFromBefore,
		"a reply of a later version fails alone":       replyFromLater,
		"replies that come together share a statement": sharedStatement,
		"a batch holds its own duplicates":             ownDuplicates,
		"keys are told apart by every byte":            everyByte,
		"what is old and closed is removed":            oldReplies,
	},
	Many: map[string]func(*testing.T, []*rig){"batches of the same messages": sameBatchOfMany},
}

func TestSQLite(t *testing.T) { suite.SQLite(t) }

func TestMySQL(t *testing.T) { suite.MySQL(t, os.Getenv) }

func TestSQLiteCloseWhileWaiting(t *testing.T) { closeWhileWaiting(t, sqldbtest.NewSQLite(t)) }

func TestMySQLCloseWhileWaiting(t *testing.T) {
	closeWhileWaiting(t, sqldbtest.NewMySQL(t, os.Getenv))
}

// words are the text of a reply.
func words(r message.Reply) string {
	text, _ := r.Show.(wechat.TextReply)
	return text.Content
}

func firstReplyStays(t *testing.T, db *rig) {
	account, key := sqldbtest.Unique("a"), sqldbtest.Unique("m")
	if _, found, err := db.Reply(t.Context(), account, key); err != nil || found {
		t.Fatalf("before: found %t, err %v", found, err)
	}
	const writers = 16
	got := make([]message.Reply, writers)
	var wg sync.WaitGroup
	for i := range writers {
		wg.Go(func() {
			r := message.Text(fmt.Sprint("reply ", i))
			if i%2 == 0 {
				r = message.Reply{Later: true}
			}
			var err error
			got[i], err = db.SaveReply(t.Context(), account, key, r)
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	stored, found, err := db.Reply(t.Context(), account, key)
	if err != nil || !found {
		t.Fatalf("after: found %t, err %v", found, err)
	}
	for i, r := range got {
		if r != stored {
			t.Errorf("writer %d was told %+v, stored is %+v", i, r, stored)
		}
	}
}

// MSG-4: the first reply of a message stays, of whichever form.
func replyForms(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	for key, r := range map[string]message.Reply{
		"nothing": {}, "later": {Later: true}, "text": message.Text("余额 ]]>😀"),
		"image": {Show: wechat.ImageReply{MediaID: "m"}}, "voice": {Show: wechat.VoiceReply{MediaID: "m"}},
		"video": {Show: wechat.VideoReply{MediaID: "m", Title: "标题"}}, "music": {Show: wechat.MusicReply{ThumbMediaID: "m", URL: "u"}},
		"news":     {Show: wechat.NewsReply{Articles: slices.Repeat([]wechat.Article{{Title: "标题 \"😀\"", URL: "https://u?a=1&b=2"}}, wechat.MaxArticles)}},
		"transfer": {Show: wechat.TransferReply{Agent: "a@gh"}},
	} {
		for name, save := range map[string]func(context.Context, string, string, message.Reply) (message.Reply, error){
			"with others": func(ctx context.Context, a, k string, r message.Reply) (message.Reply, error) {
				return db.SaveReply(ctx, a, k, r)
			},
			"in a transaction": db.SaveReplyInTransaction,
		} {
			key := key + " " + name
			if got, err := save(t.Context(), account, key, r); err != nil || !reply.Same(got, r) {
				t.Errorf("%s: saved as %+v, %v", key, got, err)
			}
			if got, err := save(t.Context(), account, key, message.Text("a second one")); err != nil || !reply.Same(got, r) {
				t.Errorf("%s: the second writer was told %+v, %v", key, got, err)
			}
			if got, found, err := db.Reply(t.Context(), account, key); err != nil || !found || !reply.Same(got, r) {
				t.Errorf("%s: read %+v, %t, %v", key, got, found, err)
			}
		}
	}
	refused := message.Reply{Show: wechat.ImageReply{}}
	if _, err := db.SaveReply(t.Context(), account, "refused", refused); !errors.Is(err, wechat.ErrReply) {
		t.Errorf("a reply that cannot be sent: %v", err)
	}
	if _, found, err := db.Reply(t.Context(), account, "refused"); found || err != nil {
		t.Errorf("a reply that cannot be sent was stored: %t, %v", found, err)
	}
}

// A rolling upgrade has servers of both versions on one database.
func replyFromBefore(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	for key, r := range map[string]message.Reply{"text": message.Text("余额 ]]>😀"), "later": {Later: true}, "image": {Show: wechat.ImageReply{MediaID: "m"}}} {
		if _, err := db.SaveReply(t.Context(), account, key, r); err != nil {
			t.Fatal(err)
		}
		text, later, err := db.ReplyAsBefore(t.Context(), account, key)
		if err != nil || text != words(r) || later != r.Later {
			t.Errorf("%s: a server from before reads %q, %t, %v", key, text, later, err)
		}
		if key == "image" {
			continue // which no server from before stores
		}
		if err := db.SaveReplyAsBefore(t.Context(), account, key+" before", words(r), r.Later); err != nil {
			t.Fatal(err)
		}
		if got, found, err := db.Reply(t.Context(), account, key+" before"); err != nil || !found || got != r {
			t.Errorf("%s of a server from before: %+v, %t, %v", key, got, found, err)
		}
		if got, err := db.SaveReply(t.Context(), account, key+" before", message.Text("a second one")); err != nil || got != r {
			t.Errorf("%s of a server from before: the second writer was told %+v, %v", key, got, err)
		}
	}
}

// A form that this version does not know takes nothing from the messages beside it.
func replyFromLater(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	if err := db.SaveReplyOfForm(t.Context(), account, "m3", "mini_program", `{"appid":"x"}`); err != nil {
		t.Fatal(err)
	}
	if _, _, err := db.Reply(t.Context(), account, "m3"); !errors.Is(err, reply.ErrStored) || !strings.Contains(err.Error(), "mini_program") {
		t.Errorf("read: %v", err)
	}
	if _, err := db.SaveReply(t.Context(), account, "before", message.Reply{}); err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for i := range 6 {
		wg.Go(func() {
			key := fmt.Sprint("m", i)
			got, err := db.SaveReply(t.Context(), account, key, message.Text(key))
			switch {
			case key == "m3" && !errors.Is(err, reply.ErrStored):
				t.Errorf("%s: %+v, %v", key, got, err)
			case key != "m3" && (err != nil || words(got) != key):
				t.Errorf("%s: %+v, %v", key, got, err)
			}
		})
	}
	wg.Wait()
}

// saveTogether saves replies at once, behind one that has just been saved, so that they
// share statements. It returns what each was told, and how many statements were sent.
func saveTogether(t *testing.T, db *rig, account string, keys []string, text func(i int) string) (told []string, statements int64) {
	t.Helper()
	if _, err := db.SaveReply(t.Context(), account, sqldbtest.Unique("first"), message.Reply{}); err != nil {
		t.Fatal(err)
	}
	before := db.Statements()
	told = make([]string, len(keys))
	var wg sync.WaitGroup
	for i, key := range keys {
		wg.Go(func() {
			r, err := db.SaveReply(t.Context(), account, key, message.Text(text(i)))
			if err != nil {
				t.Errorf("reply %d of %s: %v", i, key, err)
			}
			told[i] = words(r)
		})
	}
	wg.Wait()
	return told, db.Statements() - before
}

// PERF-1: new replies cost their share of one INSERT; when some messages had a reply, one
// more statement reads them.
func sharedStatement(t *testing.T, db *rig) {
	account, keys := sqldbtest.Unique("a"), make([]string, 20)
	for i := range keys {
		keys[i] = fmt.Sprint("m", (i*7)%20)
	}
	mine := func(i int) string { return "reply to " + keys[i] }
	told, statements := saveTogether(t, db, account, keys, mine)
	for i, key := range keys {
		stored, found, err := db.Reply(t.Context(), account, key)
		if told[i] != mine(i) || !found || err != nil || words(stored) != told[i] {
			t.Errorf("message %s: told %q, stored %+v, %t, %v", key, told[i], stored, found, err)
		}
	}
	// A busy machine may spread the callers over more than one rhythm.
	if statements > 5 {
		t.Errorf("%d new replies took %d statements", len(keys), statements)
	}
	keys = append(keys, "n1", "n2", "n3")
	told, statements = saveTogether(t, db, account, keys, func(i int) string { return "another " + keys[i] })
	for i, key := range keys {
		want := "reply to " + key
		if i >= 20 {
			want = "another " + key
		}
		if told[i] != want {
			t.Errorf("message %s: told %q, want %q", key, told[i], want)
		}
	}
	if statements > 10 {
		t.Errorf("%d replies, of which some were there, took %d statements", len(keys), statements)
	}
}

// A message that is saved several times in one batch has one reply.
func ownDuplicates(t *testing.T, db *rig) {
	account, keys := sqldbtest.Unique("a"), make([]string, 24)
	for i := range keys {
		keys[i] = fmt.Sprint("m", i%3)
	}
	told, statements := saveTogether(t, db, account, keys, func(i int) string { return fmt.Sprint("reply ", i) })
	for i, key := range keys {
		stored, found, err := db.Reply(t.Context(), account, key)
		if !found || err != nil || told[i] != words(stored) {
			t.Errorf("caller %d was told %q, stored is %+v, %t, %v", i, told[i], stored, found, err)
		}
	}
	if statements > 10 {
		t.Errorf("%d replies of 3 messages took %d statements", len(keys), statements)
	}
}

// Event keys are free text: what looks alike is still another message.
func everyByte(t *testing.T, db *rig) {
	account := sqldbtest.Unique("a")
	keys := []string{"k", "K", "k ", " k", "ｋ", "é", "e\u0301", "e", "ß", "ss", "", " ", "k\\", "k'", "k\"", "k\x00", "😀", "😁"}
	for _, key := range keys {
		want := message.Text("of " + key)
		if got, err := db.SaveReply(t.Context(), account, key, want); err != nil || got != want {
			t.Errorf("key %q: saved as %q, %v", key, words(got), err)
		}
	}
	for _, key := range keys {
		if got, found, err := db.Reply(t.Context(), account, key); err != nil || !found || words(got) != "of "+key {
			t.Errorf("key %q: found %t %q, %v", key, found, words(got), err)
		}
	}
}

// none says that no message caused what is not done yet.
func none(context.Context, []replystore.Message) (map[replystore.Message]bool, error) {
	return nil, nil
}

func oldReplies(t *testing.T, db *rig) {
	account, keys := sqldbtest.Unique("a"), make([]string, 450) // more than two batches
	for i := range keys {
		keys[i] = fmt.Sprint("m", i)
	}
	saveTogether(t, db, account, keys, func(int) string { return "x" })
	open := replystore.Message{Account: account, Key: keys[7]}
	clock := func() time.Time {
		t.Helper()
		now, err := db.Clock(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		return now
	}
	is := func(context.Context, []replystore.Message) (map[replystore.Message]bool, error) {
		return map[replystore.Message]bool{open: true}, nil
	}
	if n := sqldbtest.Batches(t, db.OldReplies(clock().Add(-time.Hour), is)); n != 0 {
		t.Errorf("%d rows that are young were removed", n)
	}
	time.Sleep(5 * time.Millisecond) // a row of this millisecond is not older than it
	if n := sqldbtest.Batches(t, db.OldReplies(clock(), is)); n < len(keys) {
		t.Errorf("removed %d rows, want %d at least", n, len(keys))
	}
	for _, key := range keys {
		if _, found, err := db.Reply(t.Context(), account, key); err != nil || found != (key == open.Key) {
			t.Errorf("%s is there: %t, %v", key, found, err)
		}
	}
	if n := sqldbtest.Batches(t, db.OldReplies(clock(), none)); n != 1 {
		t.Errorf("removed %d rows once the message is closed, want 1", n)
	}
}

// Servers save the replies of the same messages at once, each in an order of its own: all
// are told the same, and none is locked out by another.
func sameBatchOfMany(t *testing.T, dbs []*rig) {
	const messages, rounds = 40, 5
	for range rounds {
		account := sqldbtest.Unique("a")
		told := make([][messages]message.Reply, len(dbs))
		sqldbtest.Together(dbs, func(server int, db *rig) {
			var wg sync.WaitGroup
			for i := range messages {
				at := (i + server*messages/len(dbs)) % messages
				if server%2 == 1 {
					at = messages - 1 - at
				}
				wg.Go(func() {
					var err error
					r := message.Text(fmt.Sprintf("server %d", server))
					if told[server][at], err = db.SaveReply(t.Context(), account, fmt.Sprintf("m%02d", at), r); err != nil {
						t.Errorf("server %d, message %d: %v", server, at, err)
					}
				})
			}
			wg.Wait()
		})
		for at := range messages {
			stored, found, err := dbs[0].Reply(t.Context(), account, fmt.Sprintf("m%02d", at))
			for server := range dbs {
				if got := told[server][at]; !found || err != nil || got != stored {
					t.Errorf("message %d: server %d was told %+v, stored is %+v, %t, %v", at, server, got, stored, found, err)
				}
			}
		}
	}
}

// A caller that is told that its reply is saved finds it saved; one that is told that the
// database is closed does not.
func closeWhileWaiting(t *testing.T, cfg sqldb.Config) {
	reader := open(t, sqldbtest.Open(t, cfg))
	for round := range 10 {
		engine, err := sqldb.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		db := replystore.New(engine)
		const callers = 60
		account := sqldbtest.Unique("a")
		var told [callers]error
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond / 4) // some before, some after it closes
				_, told[i] = db.SaveReply(t.Context(), account, fmt.Sprint("m", i), message.Text("saved"))
			})
		}
		time.Sleep(time.Duration(round) * time.Millisecond)
		db.Close()
		if err := engine.Close(); err != nil {
			t.Error(err)
		}
		wg.Wait()
		for i, err := range told {
			if _, found, rerr := reader.Reply(t.Context(), account, fmt.Sprint("m", i)); rerr != nil || found != (err == nil) {
				t.Errorf("caller %d was told %v; saved: %t (%v)", i, err, found, rerr)
			}
		}
	}
}

// TestTwoWriters writes from two handles on one file: they wait for each other.
func TestTwoWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "core.db")
	a := open(t, sqldbtest.Open(t, sqldb.Config{CoreDSN: path}))
	b := open(t, sqldbtest.Open(t, sqldb.Config{CoreDSN: path}))
	var wg sync.WaitGroup
	for i := range 100 {
		wg.Go(func() {
			db := a
			if i%2 == 0 {
				db = b
			}
			if _, err := db.SaveReply(t.Context(), "a", fmt.Sprint(i/2), message.Text(fmt.Sprint(i))); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	for i := range 50 {
		ra, _, errA := a.Reply(t.Context(), "a", fmt.Sprint(i))
		rb, _, errB := b.Reply(t.Context(), "a", fmt.Sprint(i))
		if errA != nil || errB != nil || ra != rb || words(ra) == "" {
			t.Errorf("message %d: %+v (%v) and %+v (%v)", i, ra, errA, rb, errB)
		}
	}
}

func TestCancelledWork(t *testing.T) {
	db := open(t, sqldbtest.Open(t, sqldbtest.NewSQLite(t)))
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.SaveReply(ctx, "a", "m", message.Reply{}); err == nil {
		t.Error("work of an ended context was done")
	}
	if _, found, err := db.Reply(t.Context(), "a", "m"); found || err != nil {
		t.Errorf("found %t, %v", found, err)
	}
}
