package replystore_test

import (
	"fmt"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/message"
	"oalab/server/internal/sqldb/sqldbtest"
)

// BenchmarkOldReplies removes old replies on SQLite, whose one writer the messages wait for. The
// figures are per row, without the pauses: what it cost this process, and how many statements.
func BenchmarkOldReplies(b *testing.B) {
	db := open(b, sqldbtest.Open(b, sqldbtest.NewSQLite(b)))
	const callers = 64
	var wg sync.WaitGroup
	for c := range callers {
		wg.Go(func() {
			for i := c; i < b.N; i += callers {
				if _, err := db.SaveReply(b.Context(), "a", fmt.Sprint("m", i), message.Text("x")); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	time.Sleep(5 * time.Millisecond) // a row of this millisecond is not older than it
	now, err := db.Clock(b.Context())
	if err != nil {
		b.Fatal(err)
	}
	before, cpu := db.Statements(), cpuTime(b)
	b.ResetTimer()
	rows := sqldbtest.Batches(b, db.OldReplies(now, none))
	b.StopTimer()
	if rows != b.N {
		b.Errorf("removed %d rows of %d", rows, b.N)
	}
	b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N)/1e3, "cpu-µs/row")
	b.ReportMetric(float64(db.Statements()-before)/float64(b.N), "statements/row")
}
