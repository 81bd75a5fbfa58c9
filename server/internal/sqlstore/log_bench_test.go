package sqlstore_test

import (
	"fmt"
	"path/filepath"
	"testing"

	"oalab/server/internal/sqlstore"
	"oalab/server/internal/userlog"
)

// BenchmarkAppendMessages stores batches of some sizes; the figure is per row.
func BenchmarkAppendMessages(b *testing.B) {
	for _, engine := range []string{sqlstore.SQLite, sqlstore.MySQL} {
		b.Run(engine, func(b *testing.B) {
			cfg := sqlstore.Config{Driver: engine}
			if engine == sqlstore.MySQL {
				cfg.LogDSN = ownMySQL(b)
			} else {
				cfg.LogDSN = filepath.Join(b.TempDir(), "log.db")
			}
			db, err := sqlstore.OpenLog(b.Context(), cfg)
			if err != nil {
				b.Fatal(err)
			}
			defer db.Close()
			if err := db.Maintain(b.Context(), november, sixMonthsBefore(november)); err != nil {
				b.Fatal(err)
			}
			stored := 0
			for _, size := range []int{1, 16, 256} {
				b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
					b.ReportAllocs()
					batch := make([]userlog.Message, 0, size)
					for i := range b.N {
						stored++
						m := message("demo", fmt.Sprint("m", stored), november)
						m.SentAt += int64(stored / 1000)
						m.OpenID = fmt.Sprintf("oFollower%019d", stored%5000)
						if batch = append(batch, m); len(batch) == size || i == b.N-1 {
							if err := db.AppendMessages(b.Context(), batch); err != nil {
								b.Fatal(err)
							}
							batch = batch[:0]
						}
					}
				})
			}
		})
	}
}
