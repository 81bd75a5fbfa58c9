package packetstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"
	"testing"

	"oalab/server/internal/packet"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

// benchGrabbers is how many followers grab at once.
const benchGrabbers = 48

// BenchmarkGrab compares grabs, spread over many packets and on one, with updates of a single
// row, which is what a stored rest would cost (CAM-6). Run it with -benchtime 20000x or more.
func BenchmarkGrab(b *testing.B) {
	for _, engine := range []string{sqldb.SQLite, sqldb.MySQL} {
		b.Run(engine, func(b *testing.B) {
			cfg := sqldbtest.NewSQLite(b)
			if engine == sqldb.MySQL {
				cfg = sqldbtest.NewMySQL(b, os.Getenv)
			}
			db := sqldbtest.Open(b, cfg)
			if err := db.Migrate(b.Context(), Migrations()); err != nil {
				b.Fatal(err)
			}
			s := New(db)
			b.Run("one row", func(b *testing.B) { benchRow(b, s) })
			b.Run("100 packets", func(b *testing.B) { benchGrabs(b, s, 100) })
			b.Run("one packet", func(b *testing.B) { benchGrabs(b, s, 1) })
		})
	}
}

func benchRow(b *testing.B, s *Store) {
	b.Helper()
	openid := sqldbtest.Unique("o")
	if err := s.Issue(b.Context(), account, openid, "gift", 1); err != nil {
		b.Fatal(err)
	}
	crowdOf(b, func(ctx context.Context, _ int) error {
		_, err := s.One(ctx, "update one row", takeUnits, -1, account, openid, 0)
		return err
	})
}

func benchGrabs(b *testing.B, s *Store, packets int) {
	b.Helper()
	each := b.N/packets + 1
	ids := make([]string, 0, packets)
	for range packets {
		sender := sqldbtest.Unique("o")
		if err := s.Issue(b.Context(), account, sender, "gift", int64(each)); err != nil {
			b.Fatal(err)
		}
		shares := make([]int, each)
		for i := range shares {
			shares[i] = 1
		}
		p := made(sender, shares...)
		if _, err := s.Send(b.Context(), p); err != nil {
			b.Fatal(err)
		}
		ids = append(ids, p.ID)
	}
	prefix := sqldbtest.Unique("o")
	crowdOf(b, func(ctx context.Context, i int) error {
		for {
			_, err := s.Grab(ctx, account, ids[i%packets], fmt.Sprint(prefix, i))
			if !errors.Is(err, packet.ErrBusy) {
				return err
			}
		}
	})
}

// crowdOf does b.N works, as many at once as there are grabbers.
func crowdOf(b *testing.B, work func(ctx context.Context, i int) error) {
	b.Helper()
	var next atomic.Int64
	var wg sync.WaitGroup
	b.ResetTimer()
	for range benchGrabbers {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= b.N {
					return
				}
				if err := work(b.Context(), i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	wg.Wait()
	b.StopTimer()
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "/s")
}
