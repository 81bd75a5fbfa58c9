package sqlstore

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
)

// OwnMySQL makes a MySQL database for one test; the tests outside the package
// have the flags and set it.
var OwnMySQL func(tb testing.TB) string

// SaveReplyInTransaction saves a reply as one that has jobs is saved.
func (db *DB) SaveReplyInTransaction(ctx context.Context, account, key string, r business.Reply) (business.Reply, error) {
	return db.firstReply(ctx, "save reply", account, key, r, nil, func(context.Context, *sqlx.Tx) error { return nil })
}
