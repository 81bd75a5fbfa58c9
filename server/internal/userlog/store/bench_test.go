package userlogstore_test

import (
	"fmt"
	"testing"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/userlog"
)

// BenchmarkAppendMessages stores batches of some sizes; the figure is per row.
func BenchmarkAppendMessages(b *testing.B) {
	for engine, newDatabase := range map[string]newConfig{sqldb.SQLite: sqldbtest.NewSQLite, sqldb.MySQL: newMySQL} {
		b.Run(engine, func(b *testing.B) {
			db := open(b, newDatabase(b))
			if err := db.MaintainAt(b.Context(), november, 6); err != nil {
				b.Fatal(err)
			}
			stored := 0
			for _, size := range []int{1, 16, 256} {
				b.Run(fmt.Sprintf("rows=%d", size), func(b *testing.B) {
					b.ReportAllocs()
					batch := make([]userlog.Message, 0, size)
					for i := range b.N {
						stored++
						m := logMessage("demo", fmt.Sprint("m", stored), november)
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
