package sqlstore_test

import (
	"fmt"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/message"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqlstore"
)

// BenchmarkRetain removes old replies on SQLite, whose one writer the messages wait for. The
// figures are per row, without the pauses: what it cost this process, and how many statements.
func BenchmarkRetain(b *testing.B) {
	db, err := sqlstore.Open(b.Context(), sqldb.Config{CoreDSN: filepath.Join(b.TempDir(), "core.db")})
	if err != nil {
		b.Fatal(err)
	}
	defer db.Close()
	if err := db.Migrate(b.Context()); err != nil {
		b.Fatal(err)
	}
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
	before, cpu, rows := db.Statements(), cpuTime(b), 0
	b.ResetTimer()
	if err := db.Retain(b.Context(), sqlstore.Retention{Orders: century, DeadLetters: century}, func(_ string, n int) { rows += n }); err != nil {
		b.Fatal(err)
	}
	b.StopTimer()
	if rows != b.N {
		b.Errorf("removed %d rows of %d", rows, b.N)
	}
	b.ReportMetric(float64(cpuTime(b)-cpu)/float64(b.N)/1e3, "cpu-µs/row")
	b.ReportMetric(float64(db.Statements()-before)/float64(b.N), "statements/row")
}
