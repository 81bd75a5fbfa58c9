package businessstore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/sqldb/sqldbtest"
)

// TestSharedCommit mixes good and bad work: what fails takes nothing with it.
func TestSharedCommit(t *testing.T) {
	db := open(t, sqldbtest.Open(t, sqldbtest.NewSQLite(t)))
	var wg sync.WaitGroup
	for i := range 200 {
		wg.Go(func() {
			o, r, env := orderFor(t, "a")
			if i%3 == 0 {
				env.Queue = "" // of a kind that no queue carries
			}
			_, err := db.AcceptOrder(t.Context(), o, r, nil, env)
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

func BenchmarkAcceptOrder(b *testing.B) {
	db := open(b, sqldbtest.Open(b, sqldbtest.NewSQLite(b)))
	for _, writers := range []int{1, 32} {
		b.Run(fmt.Sprintf("writers=%d", writers), func(b *testing.B) {
			b.SetParallelism(writers)
			b.RunParallel(func(pb *testing.PB) {
				for pb.Next() {
					key := sqldbtest.Unique("m")
					o := business.Order{Serial: key, Account: "a", OpenID: "o", Phone: "1", Code: "2", Product: "P", Name: "n", Key: key}
					_, err := db.AcceptOrder(b.Context(), o, message.Text(key), nil, benchJob(key))
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
