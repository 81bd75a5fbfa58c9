package replystore_test

import (
	"context"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"oalab/server/internal/message"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// BenchmarkSaveReply saves replies in a transaction each, and in the statements that they
// share (PERF-1). One at a time there is no caller to share with: the next one comes when
// the rhythm of the batches has passed. The figures are per reply: how long it took, what
// it cost this process, and how many statements.
func BenchmarkSaveReply(b *testing.B) {
	for _, engine := range []string{sqldb.SQLite, sqldb.MySQL} {
		b.Run(engine, func(b *testing.B) {
			cfg := sqldbtest.NewSQLite(b)
			if engine == sqldb.MySQL {
				cfg = sqldbtest.NewMySQL(b, os.Getenv)
			}
			db := open(b, sqldbtest.Open(b, cfg))
			for _, callers := range []int{1, 16, 256} {
				for _, way := range []struct {
					name string
					save func(ctx context.Context, account, key string, r message.Reply) (message.Reply, error)
				}{
					{"transaction", db.SaveReplyInTransaction},
					{"shared", func(ctx context.Context, account, key string, r message.Reply) (message.Reply, error) {
						return db.SaveReply(ctx, account, key, r)
					}},
				} {
					b.Run(fmt.Sprintf("callers=%d/%s", callers, way.name), func(b *testing.B) {
						before, cpu := db.Statements(), cpuTime(b)
						var took atomic.Int64
						var left atomic.Int64
						left.Store(int64(b.N))
						var wg sync.WaitGroup
						for range callers {
							wg.Go(func() {
								for left.Add(-1) >= 0 {
									if callers == 1 {
										time.Sleep(25 * time.Millisecond)
									}
									began := time.Now()
									if _, err := way.save(b.Context(), "a", sqldbtest.Unique("m"), message.Text("本月已用流量 123 MB")); err != nil {
										b.Error(err)
										return
									}
									took.Add(int64(time.Since(began)))
								}
							})
						}
						wg.Wait()
						n := float64(b.N)
						b.ReportMetric(float64(took.Load())/n/1e6, "ms/reply")
						b.ReportMetric(float64(cpuTime(b)-cpu)/n/1e3, "cpu-µs/reply")
						b.ReportMetric(float64(db.Statements()-before)/n, "statements/reply")
					})
				}
			}
		})
	}
}

// cpuTime is what this process has used so far.
func cpuTime(b *testing.B) time.Duration {
	b.Helper()
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		b.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
