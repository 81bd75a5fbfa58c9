package replystore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/message"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/wechat"
)

// ioTimeout is for how long a statement waits for a frozen server (sqldb), lockTimeout for a row.
const (
	ioTimeout   = 2 * time.Second
	lockTimeout = time.Second
)

func openStore(tb testing.TB, cfg sqldb.Config) *Store {
	tb.Helper()
	s := New(sqldbtest.Open(tb, cfg))
	tb.Cleanup(s.Close)
	return s
}

// onItsWay is a reply to a message of account a.
func onItsWay(t *testing.T, key string, r message.Reply) *newReply {
	t.Helper()
	row, err := newReplyRow("a", key, r)
	if err != nil {
		t.Fatal(err)
	}
	return &newReply{replyRow: row, reply: r}
}

func words(r message.Reply) string {
	text, _ := r.Show.(wechat.TextReply)
	return text.Content
}

// batchOf saves replies in one statement.
func batchOf(t *testing.T, db *Store, keys ...string) (told []string, err error) {
	t.Helper()
	batch := make([]*newReply, len(keys))
	for i, key := range keys {
		batch[i] = onItsWay(t, key, message.Text("reply to "+key))
	}
	err = db.insertReplies(t.Context(), batch)
	for _, r := range batch {
		told = append(told, words(r.outcome))
	}
	return told, err
}

// TestOneBadReply: a row that the database refuses takes nothing from its neighbours.
func TestOneBadReply(t *testing.T) {
	const bad = "m3"
	for engine, openBad := range map[string]func(t *testing.T) (*Store, message.Reply){
		sqldb.SQLite: func(t *testing.T) (*Store, message.Reply) { // which refuses nothing by itself
			t.Helper()
			db := openStore(t, sqldbtest.NewSQLite(t))
			_, err := db.db.One(t.Context(), "refuse", "CREATE TRIGGER refuse BEFORE INSERT ON message_reply WHEN NEW.content = 'refuse' BEGIN SELECT RAISE(ABORT, 'refused'); END")
			if err != nil {
				t.Fatal(err)
			}
			return db, message.Text("refuse")
		},
		sqldb.MySQL: func(t *testing.T) (*Store, message.Reply) {
			t.Helper()
			return openStore(t, sqldbtest.NewMySQL(t, os.Getenv)), message.Reply{Show: wechat.ImageReply{MediaID: strings.Repeat("x", 70_000)}} // too long for a TEXT
		},
	} {
		t.Run(engine, func(t *testing.T) {
			db, refusedReply := openBad(t)
			if _, err := db.SaveReply(t.Context(), "a", "before", message.Reply{}); err != nil {
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for i := range 10 {
				wg.Go(func() {
					key, r := fmt.Sprint("m", i), message.Text("good")
					if key == bad {
						r = refusedReply
					}
					got, err := db.SaveReply(t.Context(), "a", key, r)
					switch {
					case key == bad && (err == nil || !sqldb.Refused(err)):
						t.Errorf("the bad one: %v", err)
					case key != bad && (err != nil || got != r):
						t.Errorf("%s beside a bad one: %+v, %v", key, got, err)
					}
					if _, found, err := db.Reply(t.Context(), "a", key); err != nil || found != (key != bad) {
						t.Errorf("%s: saved %t, %v", key, found, err)
					}
				})
			}
			wg.Wait()
			good := make([]*newReply, 3)
			for i := range good {
				good[i] = onItsWay(t, fmt.Sprint("n", i), message.Text("good"))
			}
			good[1] = onItsWay(t, "n1", refusedReply)
			if err := db.insertReplies(t.Context(), good); !errors.Is(err, sqldb.ErrAlone) {
				t.Errorf("a batch with a bad one: %v", err)
			}
			for i := range good {
				if _, found, err := db.Reply(t.Context(), "a", fmt.Sprint("n", i)); found || err != nil {
					t.Errorf("row %d of a batch with a bad one: saved %t, %v", i, found, err)
				}
			}
		})
	}
}

// TestMySQLReplyLockWait: a row that another server holds, as one does that froze in the
// middle of a transaction, keeps its neighbours for one wait and no longer.
func TestMySQLReplyLockWait(t *testing.T) {
	t.Parallel() // it waits most of the time
	db := openStore(t, sqldbtest.NewMySQL(t, os.Getenv))
	holder, err := db.db.Read.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback() }()
	insert := db.db.Dialect.Insert("message_reply", "account", "msg_key", "content", "later", "created_at")
	if _, err := holder.ExecContext(t.Context(), insert, "a", "m3", "", false, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := db.SaveReply(t.Context(), "a", "before", message.Reply{}); err != nil {
		t.Fatal(err)
	}
	var others, held sync.WaitGroup
	for i := range 10 {
		key, r := fmt.Sprint("m", i), message.Text("good")
		save := func() {
			if got, err := db.SaveReply(t.Context(), "a", key, r); err != nil || got != r {
				t.Errorf("%s: %+v, %v", key, got, err)
			}
		}
		if key == "m3" {
			held.Go(save)
		} else {
			others.Go(save)
		}
	}
	started := time.Now()
	others.Wait()
	if took := time.Since(started); took > 2*lockTimeout {
		t.Errorf("the neighbours of a held row waited %s", took)
	}
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
	held.Wait()
}

// TestMySQLReplyConnectionLost breaks connections around the statement of a batch. It is
// sent again, and meets what the first one has stored.
func TestMySQLReplyConnectionLost(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := sqldbtest.NewWire(t, sqldbtest.MySQL(t, os.Getenv))
	db := openStore(t, sqldb.Config{Driver: sqldb.MySQL, CoreDSN: w.DSN})
	for name, deliver := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			w.Break("INSERT INTO message_reply", deliver)
			before := w.Broken()
			keys := []string{name + "-1", name + "-2", name + "-3"}
			told, batchErr := batchOf(t, db, keys...)
			if w.Broken() != before+1 {
				t.Fatal("the connection was not broken")
			}
			for i, key := range keys {
				stored, found, err := db.Reply(t.Context(), "a", key)
				if batchErr != nil || told[i] != "reply to "+key || !found || err != nil || words(stored) != told[i] {
					t.Errorf("%s: told %q, error %v; stored %+v, %t, %v", key, told[i], batchErr, stored, found, err)
				}
			}
		})
	}
	t.Run("frozen", func(t *testing.T) {
		w.Freeze(true)
		defer w.Freeze(false)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		started := time.Now()
		_, err := db.SaveReply(ctx, "a", "frozen", message.Reply{})
		if took := time.Since(started); !errors.Is(err, context.DeadlineExceeded) || took > ioTimeout/2 {
			t.Errorf("a caller with little time: %v after %s", err, took)
		}
	})
}
