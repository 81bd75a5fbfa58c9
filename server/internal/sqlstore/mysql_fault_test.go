package sqlstore

import (
	"context"
	"errors"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
)

func openOwn(t *testing.T, dsn string) *DB {
	t.Helper()
	db, err := Open(t.Context(), Config{Driver: MySQL, CoreDSN: dsn})
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
	return db
}

func anOrder(key string) (business.Order, business.Reply, job.Envelope) {
	o := business.Order{Serial: "S" + key, Account: "a", OpenID: "o", Phone: "1", Code: "2", Product: "P", Name: "n", Key: key}
	env := job.Envelope{Key: "order:S" + key, Kind: job.KindOrder, Payload: []byte(`{"serial":"S` + key + `"}`), Created: time.Now()}
	return o, business.Reply{Text: "accepted S" + key}, env
}

// TestMySQLDeadlock: two works lock two rows crosswise. The server ends one of
// them, and it comes through the second time.
func TestMySQLDeadlock(t *testing.T) {
	t.Parallel() // it waits most of the time
	db := openOwn(t, OwnMySQL(t))
	for _, key := range []string{"1", "2"} {
		if _, err := db.AcceptOrder(t.Context(), first(anOrder(key)), business.Reply{}); err != nil {
			t.Fatal(err)
		}
	}
	var runs atomic.Int32
	var met sync.WaitGroup
	met.Add(2)
	var wg sync.WaitGroup
	for _, pair := range [][2]string{{"S1", "S2"}, {"S2", "S1"}} {
		wg.Go(func() {
			began := false
			err := db.update(t.Context(), "cross", func(ctx context.Context, tx *sqlx.Tx) error {
				runs.Add(1)
				if _, err := tx.ExecContext(ctx, "UPDATE orders SET attempts = attempts + 1 WHERE serial = ?", pair[0]); err != nil {
					return err
				}
				if !began {
					began = true
					met.Done()
					met.Wait() // both hold a row
				}
				_, err := tx.ExecContext(ctx, "UPDATE orders SET attempts = attempts + 1 WHERE serial = ?", pair[1])
				return err
			})
			if err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := runs.Load(); n < 3 {
		t.Errorf("%d runs: there was no deadlock", n)
	}
	for _, serial := range []string{"S1", "S2"} {
		if o, err := db.Order(t.Context(), serial); err != nil || o.Attempts != 2 {
			t.Errorf("order %s was changed %d times (%v), want 2", serial, o.Attempts, err)
		}
	}
}

func first(o business.Order, _ business.Reply, _ job.Envelope) business.Order { return o }

// TestMySQLLockWait: a work that waits too long for a row is refused by the
// server, comes again, and is through when the row is free; one that never gets
// it ends within the bound.
func TestMySQLLockWait(t *testing.T) {
	t.Parallel() // it waits most of the time
	db := openOwn(t, OwnMySQL(t))
	if _, err := db.AcceptOrder(t.Context(), first(anOrder("1")), business.Reply{}); err != nil {
		t.Fatal(err)
	}
	hold := func() *sqlx.Tx {
		tx, err := db.write.BeginTxx(t.Context(), nil)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := tx.ExecContext(t.Context(), "UPDATE orders SET attempts = 7 WHERE serial = 'S1'"); err != nil {
			t.Fatal(err)
		}
		return tx
	}
	holder := hold()
	runs := 0
	err := db.update(t.Context(), "wait", func(ctx context.Context, tx *sqlx.Tx) error {
		if runs++; runs == 2 { // the first wait has ended
			if err := holder.Rollback(); err != nil {
				return err
			}
		}
		_, err := tx.ExecContext(ctx, "UPDATE orders SET attempts = attempts + 1 WHERE serial = 'S1'")
		return err
	})
	if o, e := db.Order(t.Context(), "S1"); err != nil || e != nil || o.Attempts != 1 || runs != 2 {
		t.Errorf("%v after %d runs, attempts %d (%v)", err, runs, o.Attempts, e)
	}
	holder = hold()
	started := time.Now()
	_, err = db.ClaimOrder(t.Context(), business.Order{Serial: "S1"}, time.Minute)
	if took := time.Since(started); !inTheWay(err) || took > (directTries+2)*lockTimeout*time.Second {
		t.Errorf("a row that is never free: %v after %s", err, took)
	}
	if err := holder.Rollback(); err != nil {
		t.Fatal(err)
	}
}

// TestMySQLConnectionLost breaks connections at every point of a transaction.
func TestMySQLConnectionLost(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := newWire(t, OwnMySQL(t))
	db := openOwn(t, w.dsn)
	ctx := t.Context()
	for i, tt := range []struct {
		name, at string
		deliver  bool
		unknown  bool
	}{
		{"before the server hears of it", "START TRANSACTION", false, false},
		{"before a statement", "INSERT INTO orders", false, false},
		{"after a statement", "INSERT INTO orders", true, false},
		{"before COMMIT", "COMMIT", false, true},
		{"after COMMIT", "COMMIT", true, true},
	} {
		t.Run(tt.name, func(t *testing.T) {
			o, r, env := anOrder(string(rune('A' + i)))
			w.trap.Store(&trap{tt.at, tt.deliver})
			before := w.sprung.Load()
			got, err := db.AcceptOrder(ctx, o, r, env)
			if w.sprung.Load() != before+1 {
				t.Fatal("the connection was not broken")
			}
			if errors.Is(err, ErrOutcomeUnknown) != tt.unknown || !tt.unknown && (err != nil || got != r) {
				t.Errorf("%+v, %v; unknown wanted: %t", got, err, tt.unknown)
			}
			// Whoever asks again is told what is stored, under a serial of one order.
			again, other, env2 := anOrder(o.Key + "-again")
			again.Key = o.Key
			told, err := db.AcceptOrder(ctx, again, other, env2)
			if err != nil {
				t.Fatal(err)
			}
			want := r
			if tt.unknown && !tt.deliver {
				want = other // the server never heard of the COMMIT
			}
			if told != want {
				t.Errorf("told %+v the second time, want %+v", told, want)
			}
			found := 0
			for _, serial := range []string{o.Serial, again.Serial} {
				if _, err := db.Order(ctx, serial); err == nil {
					found++
				}
			}
			if found != 1 {
				t.Errorf("%d orders, want 1", found)
			}
		})
	}
	t.Run("while idle", func(t *testing.T) {
		w.cut()
		if _, err := db.Backlog(ctx); err != nil {
			t.Errorf("a connection that died while idle: %v", err)
		}
		if _, err := db.SaveReply(ctx, "a", "idle", business.Reply{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("frozen", func(t *testing.T) {
		w.frozen.Store(true)
		defer w.frozen.Store(false)
		started := time.Now()
		if _, err := db.SaveReply(ctx, "a", "frozen", business.Reply{}); err == nil {
			t.Error("a frozen server answers")
		}
		if took := time.Since(started); took > 3*ioTimeout {
			t.Errorf("a frozen server cost %s", took)
		}
		ended, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		started = time.Now()
		_, err := db.Backlog(ended)
		if err == nil || time.Since(started) > ioTimeout/2 {
			t.Errorf("a caller with less time: %v after %s", err, time.Since(started))
		}
	})
}

// TestMySQLMigrationLock: a second process waits for one that migrates, for longer
// than a statement may take else.
func TestMySQLMigrationLock(t *testing.T) {
	t.Parallel() // it waits most of the time
	dsn := OwnMySQL(t)
	first := openOwn(t, dsn)
	second, err := Open(t.Context(), Config{Driver: MySQL, CoreDSN: dsn + "&readTimeout=300ms"})
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	migrated := make(chan error, 1)
	err = first.alone(t.Context(), "migrate", func(ctx context.Context, db *sqlx.DB) error {
		go func() { migrated <- second.Migrate(t.Context()) }()
		for waiting := 0; waiting == 0; { // for a second by the server's clock
			err := db.GetContext(ctx, &waiting, "SELECT COUNT(*) FROM information_schema.processlist WHERE db = DATABASE() AND state = 'User lock' AND time >= 1")
			if err != nil {
				return err
			}
			select {
			case err := <-migrated:
				return errors.Join(errors.New("did not wait"), err)
			default:
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if err := <-migrated; err != nil {
		t.Error(err)
	}
}

// TestMySQLMigrationCutShort: MySQL commits each change of a table by itself. A
// process that dies before it notes the version leaves the next one all of them.
func TestMySQLMigrationCutShort(t *testing.T) {
	t.Parallel() // it waits most of the time
	cfg := Config{Driver: MySQL, CoreDSN: OwnMySQL(t)}
	db, err := Open(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	logs, err := OpenLog(t.Context(), cfg)
	if err != nil {
		t.Fatal(err)
	}
	defer logs.Close()
	var files []string
	for _, group := range []string{groupCore, groupLog} {
		folder, _ := migrationsOf(group, MySQL)
		found, err := fs.Glob(migrations, folder+"/*.sql")
		if err != nil || len(found) == 0 {
			t.Fatal(found, err)
		}
		files = append(files, found...)
	}
	for _, name := range files {
		raw, err := fs.ReadFile(migrations, name)
		if err != nil {
			t.Fatal(err)
		}
		up, _, _ := strings.Cut(string(raw), "-- +goose Down")
		for statement := range strings.SplitSeq(up, ";\n") {
			if statement = strings.TrimSpace(statement); statement == "" {
				continue
			}
			if _, err := db.write.ExecContext(t.Context(), statement); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
		}
	}
	if err := errors.Join(db.Migrate(t.Context()), logs.Migrate(t.Context())); err != nil {
		t.Error(err)
	}
}

// TestMySQLClaimLost: a claim that loses its connection is asked for again. Where the
// server had it already, it is a lease that nobody holds: the order waits for its end, and
// counts as one that may have been sent.
func TestMySQLClaimLost(t *testing.T) {
	t.Parallel()
	w := newWire(t, OwnMySQL(t))
	db := openOwn(t, w.dsn)
	ctx := t.Context()
	for serial, delivered := range map[string]bool{"heard": true, "unheard": false} {
		o, r, env := anOrder(serial)
		o.Version = business.FirstVersion
		if _, err := db.AcceptOrder(ctx, o, r, env); err != nil {
			t.Fatal(err)
		}
		before := w.sprung.Load()
		w.trap.Store(&trap{"UPDATE orders SET state", delivered})
		claimed, err := db.ClaimOrder(ctx, o, time.Minute)
		if w.sprung.Load() != before+1 {
			t.Fatalf("%s: the connection was not broken", serial)
		}
		if errors.Is(err, business.ErrLeased) != delivered || !delivered && (err != nil || claimed.State != business.StateSent) {
			t.Errorf("%s: %+v, %v; leased wanted: %t", serial, claimed, err, delivered)
		}
		if stored, err := db.Order(ctx, o.Serial); err != nil || stored.State != business.StateSent || stored.Attempts != 1 {
			t.Errorf("%s: stored as %s after %d attempts (%v), want sent, 1", serial, stored.State, stored.Attempts, err)
		}
	}
}
