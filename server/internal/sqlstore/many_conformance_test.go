package sqlstore_test

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
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqlstore"
)

// servers is how many open one database in these tests, each with connections of
// its own, as processes do.
const servers = 4

// many is what must hold when several processes use one database.
func many(t *testing.T, newDatabase newConfig) {
	t.Run("all migrate at once", func(t *testing.T) { migrateAtOnce(t, newDatabase(t)) })
	t.Run("one closes while replies wait", func(t *testing.T) { closeWhileWaiting(t, newDatabase(t)) })
	cfg := newDatabase(t)
	dbs := make([]*sqlstore.DB, servers)
	for i := range dbs {
		dbs[i] = openConfig(t, cfg)
	}
	for name, test := range map[string]func(*testing.T, []*sqlstore.DB){
		"a message has one reply and one order": oneReplyOfMany,
		"batches of the same messages":          sameBatchOfMany,
		"an order has one worker":               oneWorkerOfMany,
		"a job is stored once":                  oneJobOfMany,
		"a job is settled by any":               settledByAny,
		"neighbours do not wait":                neighbours,
		"seeds follow each other":               seedsOfMany,
	} {
		t.Run(name, func(t *testing.T) { test(t, dbs) })
	}
}

// together calls do on every server at once.
func together(dbs []*sqlstore.DB, do func(server int, db *sqlstore.DB)) {
	var wg sync.WaitGroup
	start := make(chan struct{})
	for i, db := range dbs {
		wg.Go(func() {
			<-start
			do(i, db)
		})
	}
	close(start)
	wg.Wait()
}

func migrateAtOnce(t *testing.T, cfg sqldb.Config) {
	dbs := make([]*sqlstore.DB, 6)
	together(dbs, func(i int, _ *sqlstore.DB) {
		db, err := sqlstore.Open(t.Context(), cfg)
		if err != nil {
			t.Error(err)
			return
		}
		dbs[i] = db
		if err := db.Migrate(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := db.Backlog(t.Context()); err != nil {
			t.Error(err)
		}
	})
	for _, db := range dbs {
		if db != nil {
			if err := db.Close(); err != nil {
				t.Error(err)
			}
		}
	}
}

func oneReplyOfMany(t *testing.T, dbs []*sqlstore.DB) {
	account := unique("a")
	for range 25 {
		key := unique("m")
		var told [servers]message.Reply
		var orders [servers]business.Order
		together(dbs, func(i int, db *sqlstore.DB) {
			o, r, env := orderFor(t, account)
			o.Key, orders[i] = key, o
			var err error
			if told[i], err = db.AcceptOrder(t.Context(), o, r, env); err != nil {
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

// Servers save the replies of the same messages at once, each in an order of its own: all
// are told the same, and none is locked out by another.
func sameBatchOfMany(t *testing.T, dbs []*sqlstore.DB) {
	const messages, rounds = 40, 5
	for range rounds {
		account := unique("a")
		var told [servers][messages]message.Reply
		together(dbs, func(server int, db *sqlstore.DB) {
			var wg sync.WaitGroup
			for i := range messages {
				at := (i + server*messages/servers) % messages
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
			for server := range servers {
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
	reader := openConfig(t, cfg)
	for round := range 10 {
		db, err := sqlstore.Open(t.Context(), cfg)
		if err != nil {
			t.Fatal(err)
		}
		const callers = 60
		account := unique("a")
		var told [callers]error
		var wg sync.WaitGroup
		for i := range callers {
			wg.Go(func() {
				time.Sleep(time.Duration(i) * time.Millisecond / 4) // some before, some after it closes
				_, told[i] = db.SaveReply(t.Context(), account, fmt.Sprint("m", i), message.Text("saved"))
			})
		}
		time.Sleep(time.Duration(round) * time.Millisecond)
		if err := db.Close(); err != nil {
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

func oneWorkerOfMany(t *testing.T, dbs []*sqlstore.DB) {
	for range 25 {
		o := accept(t, dbs[0])
		var claimed atomic.Int32
		together(dbs, func(_ int, db *sqlstore.DB) {
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

// Sweepers that meet the same orders in different sequence lock each other out,
// and come through all the same.
func oneJobOfMany(t *testing.T, dbs []*sqlstore.DB) {
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
		together(dbs, func(server int, db *sqlstore.DB) {
			mine, again := make([]string, orders), make([]job.Envelope, orders)
			for i := range orders {
				from := (i + server*orders/servers) % orders
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

// Relays of all servers see a row, and each may be the one that settles it.
func settledByAny(t *testing.T, dbs []*sqlstore.DB) {
	o := accept(t, dbs[0])
	var seen [servers]job.Envelope
	for i, db := range dbs {
		rows := jobsOf(t, db, "orders", "order:"+o.Serial)
		if len(rows) != 1 {
			t.Fatalf("server %d sees %d rows, want 1", i, len(rows))
		}
		seen[i] = rows[0]
	}
	together(dbs, func(i int, db *sqlstore.DB) {
		if err := db.SettleJob(t.Context(), seen[i]); err != nil {
			t.Error(err)
		}
	})
	if n := len(jobsOf(t, dbs[0], "orders", "order:"+o.Serial)); n != 0 {
		t.Errorf("%d rows after it was settled", n)
	}
}

// Different messages at once, as many as arrive in a busy second.
func neighbours(t *testing.T, dbs []*sqlstore.DB) {
	account := unique("a")
	const each = 50
	started := time.Now()
	together(dbs, func(server int, db *sqlstore.DB) {
		var wg sync.WaitGroup
		for i := range each {
			wg.Go(func() {
				o, r, env := orderFor(t, account)
				o.Key = fmt.Sprintf("%04d-%d", i, server)
				if got, err := db.AcceptOrder(t.Context(), o, r, env); err != nil || got != r {
					t.Errorf("order %s: %+v, %v", o.Key, got, err)
				}
			})
		}
		wg.Wait()
	})
	if took := time.Since(started); took > 20*time.Second {
		t.Errorf("%d orders took %s", servers*each, took)
	}
}

// All seed the same keys; the last one's data is whole.
func seedsOfMany(t *testing.T, dbs []*sqlstore.DB) {
	account := unique("a")
	together(dbs, func(server int, db *sqlstore.DB) {
		phone := fmt.Sprintf("1380000000%d", server)
		for range 5 {
			data := seedData{Account: account, Bindings: []sqlstore.Binding{{OpenID: "o1", Phone: phone}, {OpenID: "o2", Phone: phone}}}
			if server%2 == 1 {
				data.Bindings[0], data.Bindings[1] = data.Bindings[1], data.Bindings[0]
			}
			if err := seed(t.Context(), db, data); err != nil {
				t.Errorf("server %d: %v", server, err)
			}
		}
	})
	one, err1 := dbs[0].Phone(t.Context(), account, "o1")
	two, err2 := dbs[0].Phone(t.Context(), account, "o2")
	if err1 != nil || err2 != nil || one != two {
		t.Errorf("bindings of two seeds are mixed: %s (%v), %s (%v)", one, err1, two, err2)
	}
}
