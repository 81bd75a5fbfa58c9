package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/business"
)

// batchOf saves replies in one statement, past the time in which they gather.
func batchOf(ctx context.Context, db *DB, keys ...string) (told []string, errs []error) {
	batch := make([]*newReply, len(keys))
	for i, key := range keys {
		batch[i] = &newReply{replyKey: replyKey{"a", key}, reply: business.Reply{Text: "reply to " + key}}
	}
	errs = db.insertBatch(ctx, batch)
	for _, r := range batch {
		told = append(told, r.outcome.Text)
	}
	return told, errs
}

// TestOneBadReply: a row that the database refuses takes nothing from its neighbours.
func TestOneBadReply(t *testing.T) {
	const bad = "m3"
	for engine, openBad := range map[string]func(t *testing.T) (*DB, business.Reply){
		SQLite: func(t *testing.T) (*DB, business.Reply) { // which refuses nothing by itself
			t.Helper()
			db, err := Open(t.Context(), Config{CoreDSN: filepath.Join(t.TempDir(), "core.db")})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() {
				if err := db.Close(); err != nil {
					t.Error(err)
				}
			})
			if err := db.Migrate(t.Context()); err != nil {
				t.Fatal(err)
			}
			_, err = db.write.ExecContext(t.Context(), "CREATE TRIGGER refuse BEFORE INSERT ON message_reply WHEN NEW.content = 'refuse' BEGIN SELECT RAISE(ABORT, 'refused'); END")
			if err != nil {
				t.Fatal(err)
			}
			return db, business.Reply{Text: "refuse"}
		},
		MySQL: func(t *testing.T) (*DB, business.Reply) {
			t.Helper()
			return openOwn(t, OwnMySQL(t)), business.Reply{Text: strings.Repeat("x", 70_000)} // too long for a TEXT
		},
	} {
		t.Run(engine, func(t *testing.T) {
			db, refusedReply := openBad(t)
			if _, err := db.SaveReply(t.Context(), "a", "before", business.Reply{}); err != nil { // the others wait for each other
				t.Fatal(err)
			}
			var wg sync.WaitGroup
			for i := range 10 {
				wg.Go(func() {
					key, r := fmt.Sprint("m", i), business.Reply{Text: "good"}
					if key == bad {
						r = refusedReply
					}
					got, err := db.SaveReply(t.Context(), "a", key, r)
					switch {
					case key == bad && (err == nil || !refused(err)):
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
				good[i] = &newReply{replyKey: replyKey{"a", fmt.Sprint("n", i)}, reply: business.Reply{Text: "good"}}
			}
			good[1].reply = refusedReply
			for i, err := range db.insertBatch(t.Context(), good) {
				if !errors.Is(err, errAlone) {
					t.Errorf("row %d of a batch with a bad one: %v", i, err)
				}
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
	db := openOwn(t, OwnMySQL(t))
	holder, err := db.write.BeginTxx(t.Context(), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = holder.Rollback() }()
	insert := db.dialect.insert("message_reply", "account", "msg_key", "content", "later", "created_at")
	if _, err := holder.ExecContext(t.Context(), insert, "a", "m3", "", false, 0); err != nil {
		t.Fatal(err)
	}
	if _, err := db.SaveReply(t.Context(), "a", "before", business.Reply{}); err != nil { // the others wait for each other
		t.Fatal(err)
	}
	var others, held sync.WaitGroup
	for i := range 10 {
		key, r := fmt.Sprint("m", i), business.Reply{Text: "good"}
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
	if took := time.Since(started); took > 2*lockTimeout*time.Second {
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
	w := newWire(t, OwnMySQL(t))
	db := openOwn(t, w.dsn)
	for name, deliver := range map[string]bool{"before": false, "after": true} {
		t.Run(name, func(t *testing.T) {
			w.trap.Store(&trap{"INSERT INTO message_reply", deliver})
			before := w.sprung.Load()
			keys := []string{name + "-1", name + "-2", name + "-3"}
			told, errs := batchOf(t.Context(), db, keys...)
			if w.sprung.Load() != before+1 {
				t.Fatal("the connection was not broken")
			}
			for i, key := range keys {
				stored, found, err := db.Reply(t.Context(), "a", key)
				if errs != nil || told[i] != "reply to "+key || !found || err != nil || stored.Text != told[i] {
					t.Errorf("%s: told %q, errors %v; stored %+v, %t, %v", key, told[i], errs, stored, found, err)
				}
			}
		})
	}
	t.Run("frozen", func(t *testing.T) {
		w.frozen.Store(true)
		defer w.frozen.Store(false)
		ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
		defer cancel()
		started := time.Now()
		_, err := db.SaveReply(ctx, "a", "frozen", business.Reply{})
		if took := time.Since(started); !errors.Is(err, context.DeadlineExceeded) || took > ioTimeout/2 {
			t.Errorf("a caller with little time: %v after %s", err, took)
		}
	})
}
