package tokenstore_test

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/cache"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/token"
	tokenstore "oalab/server/internal/token/store"
)

// noPlatform is not asked: each account has a token.
type noPlatform struct{ token.Platform }

// Refused implements token.Platform.
func (noPlatform) Refused(error) bool { return false }

// BenchmarkColdStart is how long a node that was just started takes to give out the tokens of
// 100 000 accounts, all asked for by 32 callers, from rows in SQLite (CTL-7).
func BenchmarkColdStart(b *testing.B) {
	const accounts, callers = 100_000, 32
	db := sqldbtest.Open(b, sqldbtest.NewSQLite(b))
	if err := db.Update(b.Context(), "fill", func(ctx context.Context, tx *sqlx.Tx) error {
		_, err := tx.ExecContext(ctx, "WITH RECURSIVE n (i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM n WHERE i < ?) "+
			"INSERT INTO access_token (account, token, version, lease_owner, lease_until, expires_at, refreshed_at, dead, intent_at) "+
			"SELECT printf('a%06d', i), printf('%0157d', i), 2, '', 0, ?, 0, 0, 0 FROM n", accounts-1, time.Now().Add(time.Hour).UnixMilli())
		return err
	}); err != nil {
		b.Fatal(err)
	}
	client, err := cache.New(cache.Config{}, nil)
	if err != nil {
		b.Fatal(err)
	}
	sqldbtest.Closes(b, client)
	find := func(_ context.Context, account string) (token.Account, error) {
		return token.Account{Name: account}, nil
	}
	for b.Loop() {
		k, err := token.New(token.Config{Find: find}, tokenstore.New(db), cache.NewTokens(client), noPlatform{}, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			b.Fatal(err)
		}
		var all sync.WaitGroup
		for c := range callers {
			all.Go(func() {
				for i := c; i < accounts; i += callers {
					if _, err := k.Token(b.Context(), fmt.Sprintf("a%06d", i)); err != nil {
						b.Error(err)
						return
					}
				}
			})
		}
		all.Wait()
		k.Close()
	}
	b.ReportMetric(b.Elapsed().Seconds()/float64(b.N), "s/100000")
}
