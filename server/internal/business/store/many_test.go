package businessstore_test

import (
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/sqldb/sqldbtest"
)

func oneReplyOfMany(t *testing.T, dbs []*rig) {
	account := sqldbtest.Unique("a")
	for range 25 {
		key := sqldbtest.Unique("m")
		told := make([]message.Reply, len(dbs))
		orders := make([]business.Order, len(dbs))
		sqldbtest.Together(dbs, func(i int, db *rig) {
			o, r, env := orderFor(t, account)
			o.Key, orders[i] = key, o
			var err error
			if told[i], err = db.AcceptOrder(t.Context(), o, r, nil, env); err != nil {
				t.Error(err)
			}
		})
		made := 0
		for i, o := range orders {
			if told[i] != told[0] {
				t.Errorf("server %d was told %+v, server 0 %+v", i, told[i], told[0])
			}
			_, err := dbs[0].Order(t.Context(), o.Serial)
			switch {
			case err == nil:
				made++
				if n := len(jobsOf(t, dbs[0], "orders", "order:"+o.Serial)); n != 1 {
					t.Errorf("%d jobs of the order, want 1", n)
				}
			case !errors.Is(err, business.ErrNoOrder):
				t.Error(err)
			}
		}
		if made != 1 {
			t.Errorf("%d orders of one message", made)
		}
	}
}

func oneWorkerOfMany(t *testing.T, dbs []*rig) {
	for range 25 {
		o := accept(t, dbs[0])
		var claimed atomic.Int32
		sqldbtest.Together(dbs, func(_ int, db *rig) {
			switch _, err := db.ClaimOrder(t.Context(), o, time.Minute); {
			case err == nil:
				claimed.Add(1)
			case !errors.Is(err, business.ErrLeased):
				t.Error(err)
			}
		})
		if n := claimed.Load(); n != 1 {
			t.Errorf("%d workers have the order", n)
		}
	}
}

// Sweepers that meet the same orders in different sequence lock each other out. Each of them
// comes through in the end.
func oneJobOfMany(t *testing.T, dbs []*rig) {
	const orders, rounds = 30, 10
	serials, jobs := make([]string, orders), make([]job.Envelope, orders)
	for i := range orders {
		o := accept(t, dbs[0])
		serials[i], jobs[i] = o.Serial, jobsOf(t, dbs[0], "orders", "order:"+o.Serial)[0]
		if i%2 == 0 {
			if err := dbs[0].SettleJob(t.Context(), jobs[i]); err != nil {
				t.Fatal(err)
			}
		}
	}
	for range rounds {
		sqldbtest.Together(dbs, func(server int, db *rig) {
			mine, again := make([]string, orders), make([]job.Envelope, orders)
			for i := range orders {
				from := (i + server*orders/len(dbs)) % orders
				if server%2 == 1 {
					from = orders - 1 - from
				}
				mine[i], again[i] = serials[from], jobs[from]
			}
			if err := db.RequeueOrders(t.Context(), mine, again); err != nil {
				t.Errorf("server %d: %v", server, err)
			}
		})
	}
	for _, j := range jobs {
		if n := len(jobsOf(t, dbs[0], "orders", j.Key)); n != 1 {
			t.Errorf("%d rows of job %s, want 1", n, j.Key)
		}
	}
}

// Different messages at once, as many as arrive in a busy second.
func neighbours(t *testing.T, dbs []*rig) {
	account := sqldbtest.Unique("a")
	const each = 50
	started := time.Now()
	sqldbtest.Together(dbs, func(server int, db *rig) {
		var wg sync.WaitGroup
		for i := range each {
			wg.Go(func() {
				o, r, env := orderFor(t, account)
				o.Key = fmt.Sprintf("%04d-%d", i, server)
				if got, err := db.AcceptOrder(t.Context(), o, r, nil, env); err != nil || got != r {
					t.Errorf("order %s: %+v, %v", o.Key, got, err)
				}
			})
		}
		wg.Wait()
	})
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("%d orders took %s", len(dbs)*each, took)
	}
}
