package businessstore_test

import (
	"context"
	"errors"
	"os"
	"testing"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// ioTimeout is for how long a statement waits for a frozen server (sqldb).
const ioTimeout = 2 * time.Second

func anOrder(key string) (business.Order, message.Reply, job.Envelope) {
	o := business.Order{Serial: "S" + key, Account: "a", OpenID: "o", Phone: "1", Code: "2", Product: "P", Name: "n", Key: key}
	env := job.Envelope{Key: "order:S" + key, Kind: business.KindOrder, Queue: "orders", Payload: []byte(`{"serial":"S` + key + `"}`), Created: time.Now()}
	return o, message.Text("accepted S" + key), env
}

// TestMySQLConnectionLost breaks connections at every point of a transaction.
func TestMySQLConnectionLost(t *testing.T) {
	t.Parallel() // it waits most of the time
	w := sqldbtest.NewWire(t, sqldbtest.MySQL(t, os.Getenv))
	db := open(t, sqldbtest.Open(t, sqldb.Config{Driver: sqldb.MySQL, CoreDSN: w.DSN}))
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
			w.Break(tt.at, tt.deliver)
			before := w.Broken()
			got, err := db.AcceptOrder(ctx, o, r, nil, env)
			if w.Broken() != before+1 {
				t.Fatal("the connection was not broken")
			}
			if errors.Is(err, sqldb.ErrOutcomeUnknown) != tt.unknown || !tt.unknown && (err != nil || got != r) {
				t.Errorf("%+v, %v; unknown wanted: %t", got, err, tt.unknown)
			}
			// A caller that asks again is told what is stored, under a serial of one order.
			again, other, env2 := anOrder(o.Key + "-again")
			again.Key = o.Key
			told, err := db.AcceptOrder(ctx, again, other, nil, env2)
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
		w.Cut()
		if _, err := db.Count(ctx, db.CountJobs()); err != nil {
			t.Errorf("a connection that died while idle: %v", err)
		}
		if _, err := db.SaveReply(ctx, "a", "idle", message.Reply{}); err != nil {
			t.Error(err)
		}
	})
	t.Run("frozen", func(t *testing.T) {
		w.Freeze(true)
		defer w.Freeze(false)
		started := time.Now()
		if _, err := db.SaveReply(ctx, "a", "frozen", message.Reply{}); err == nil {
			t.Error("a frozen server answers")
		}
		if took := time.Since(started); took > 3*ioTimeout {
			t.Errorf("a frozen server cost %s", took)
		}
		ended, cancel := context.WithTimeout(ctx, 50*time.Millisecond)
		defer cancel()
		started = time.Now()
		_, err := db.Count(ended, db.CountJobs())
		if err == nil || time.Since(started) > ioTimeout/2 {
			t.Errorf("a caller with less time: %v after %s", err, time.Since(started))
		}
	})
}

// TestMySQLClaimLost: a claim that loses its connection is asked for again. Where the
// server had it already, it is a lease that no worker holds: the order waits for its end, and
// counts as one that may have been sent.
func TestMySQLClaimLost(t *testing.T) {
	t.Parallel()
	w := sqldbtest.NewWire(t, sqldbtest.MySQL(t, os.Getenv))
	db := open(t, sqldbtest.Open(t, sqldb.Config{Driver: sqldb.MySQL, CoreDSN: w.DSN}))
	ctx := t.Context()
	for serial, delivered := range map[string]bool{"heard": true, "unheard": false} {
		o, r, env := anOrder(serial)
		o.Version = business.FirstVersion
		if _, err := db.AcceptOrder(ctx, o, r, nil, env); err != nil {
			t.Fatal(err)
		}
		before := w.Broken()
		w.Break("UPDATE orders SET state", delivered)
		claimed, err := db.ClaimOrder(ctx, o, time.Minute)
		if w.Broken() != before+1 {
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
