package sqlstore

import (
	"context"
	"testing"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/message"
)

// RetainBatches is the loop of Retain over the batches of one table.
var RetainBatches = retain

// OwnMySQL makes a MySQL database for one test; the tests outside the package
// have the flags and set it.
var OwnMySQL func(tb testing.TB) string

// SaveReplyInTransaction saves a reply as one that has jobs is saved.
func (db *DB) SaveReplyInTransaction(ctx context.Context, account, key string, r message.Reply) (message.Reply, error) {
	return db.firstReply(ctx, "save reply", account, key, r, nil, func(context.Context, *sqlx.Tx) error { return nil })
}

// SaveReplyAsBefore stores a reply by the statement of a server from before the forms.
func (db *DB) SaveReplyAsBefore(ctx context.Context, account, key, text string, later bool) error {
	_, err := db.One(ctx, "save reply", "INSERT INTO message_reply (account, msg_key, content, later, created_at) VALUES (?, ?, ?, ?, "+db.Dialect.Now+")",
		account, key, text, later)
	return err
}

// ReplyAsBefore reads a reply by the statement of a server from before the forms.
func (db *DB) ReplyAsBefore(ctx context.Context, account, key string) (text string, later bool, err error) {
	err = db.Read.QueryRowxContext(ctx, "SELECT content, later FROM message_reply WHERE account = ? AND msg_key = ?", account, key).Scan(&text, &later)
	return text, later, err
}

// SaveReplyOfForm stores a reply as a later version may.
func (db *DB) SaveReplyOfForm(ctx context.Context, account, key, form, fields string) error {
	_, err := db.One(ctx, "save reply", db.Dialect.Stamped(db.Dialect.Insert("message_reply", "account", "msg_key", "content", "later", "form", "fields", "created_at")),
		account, key, "", false, form, fields)
	return err
}
