package replystore

import (
	"context"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/message"
)

// SaveReplyInTransaction saves a reply as one that has jobs is saved.
func (s *Store) SaveReplyInTransaction(ctx context.Context, account, key string, r message.Reply) (message.Reply, error) {
	return s.First(ctx, "save reply", account, key, r, nil, func(context.Context, *sqlx.Tx) error { return nil })
}

// SaveReplyAsBefore stores a reply by the statement of a server from before the forms.
func (s *Store) SaveReplyAsBefore(ctx context.Context, account, key, text string, later bool) error {
	_, err := s.db.One(ctx, "save reply", "INSERT INTO message_reply (account, msg_key, content, later, created_at) VALUES (?, ?, ?, ?, "+s.db.Dialect.Now+")",
		account, key, text, later)
	return err
}

// ReplyAsBefore reads a reply by the statement of a server from before the forms.
func (s *Store) ReplyAsBefore(ctx context.Context, account, key string) (text string, later bool, err error) {
	err = s.db.Read.QueryRowxContext(ctx, "SELECT content, later FROM message_reply WHERE account = ? AND msg_key = ?", account, key).Scan(&text, &later)
	return text, later, err
}

// SaveReplyOfForm stores a reply as a later version may.
func (s *Store) SaveReplyOfForm(ctx context.Context, account, key, form, fields string) error {
	_, err := s.db.One(ctx, "save reply", s.db.Dialect.Stamped(s.db.Dialect.Insert("message_reply", "account", "msg_key", "content", "later", "form", "fields", "created_at")),
		account, key, "", false, form, fields)
	return err
}
