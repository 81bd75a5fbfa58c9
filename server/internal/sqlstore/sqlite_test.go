package sqlstore_test

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqlstore"
)

// TestFileHasItsName: what a path may hold does not change the file's name.
func TestFileHasItsName(t *testing.T) {
	cfg := newSQLite(t)
	openConfig(t, cfg)
	if _, err := os.Stat(cfg.CoreDSN); err != nil {
		t.Errorf("the file has another name: %v", err)
	}
}

// TestTwoWriters writes from two handles on one file: they wait for each other.
func TestTwoWriters(t *testing.T) {
	path := filepath.Join(t.TempDir(), "core.db")
	a := openConfig(t, sqldb.Config{CoreDSN: path})
	b := openConfig(t, sqldb.Config{CoreDSN: path})
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

// TestSharedCommit mixes good and bad work: what fails takes nothing with it.
func TestSharedCommit(t *testing.T) {
	db := openSQLite(t)
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			o, r, env := orderFor(t, "a")
			if i%3 == 0 {
				env.Queue = "" // of a kind that no queue carries
			}
			_, err := db.AcceptOrder(t.Context(), o, r, env)
			if (err != nil) != (i%3 == 0) {
				t.Errorf("order %d: %v", i, err)
			}
			_, found, err := db.Reply(t.Context(), o.Account, o.Key)
			if err != nil || found != (i%3 != 0) {
				t.Errorf("order %d: stored %t, %v", i, found, err)
			}
		})
	}
	wg.Wait()
}

func TestCancelledWork(t *testing.T) {
	db := openSQLite(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := db.SaveReply(ctx, "a", "m", message.Reply{}); err == nil {
		t.Error("work of an ended context was done")
	}
	if _, found, err := db.Reply(t.Context(), "a", "m"); found || err != nil {
		t.Errorf("found %t, %v", found, err)
	}
}

func BenchmarkAcceptOrder(b *testing.B) {
	db, err := sqlstore.Open(b.Context(), sqldb.Config{CoreDSN: filepath.Join(b.TempDir(), "core.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
	for _, writers := range []int{1, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			b.SetParallelism(writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := unique("m")
					o := business.Order{Serial: key, Account: "a", OpenID: "o", Phone: "1", Code: "2", Product: "P", Name: "n", Key: key}
					_, err := db.AcceptOrder(b.Context(), o, message.Text(key), benchJob(key))
					if err != nil {
						b.Error(err)
						return
					}
				}
			})
			b.ReportMetric(float64(b.N)/max(b.Elapsed(), time.Nanosecond).Seconds(), "orders/s")
		})
	}
}

func benchJob(serial string) job.Envelope {
	return job.Envelope{Key: "order:" + serial, Kind: business.KindOrder, Queue: "orders", Payload: []byte(`{"serial":"` + serial + `"}`), Created: time.Now()}
}
