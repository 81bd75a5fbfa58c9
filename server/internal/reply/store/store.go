// Package replystore keeps the first reply of each message (MSG-6).
package replystore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/internal/sqldb"
)

// Store keeps the replies in an open database of the group core. It is safe for concurrent
// use, and by several processes at once.
type Store struct {
	db      *sqldb.DB
	replies *sqldb.Batches[*newReply]
}

// New makes the store. It must be closed before its database is.
func New(db *sqldb.DB) *Store {
	s := &Store{db: db}
	s.replies = sqldb.Gather(s.insertReplies)
	return s
}

// Close waits for the statements under way. It must be called once.
func (s *Store) Close() { s.replies.Close() }

// replyColumns are those of a stored reply; one from before the forms has no fields.
const replyColumns = "content, later, form, COALESCE(fields, '') AS fields"

const selectReply = "SELECT " + replyColumns + " FROM message_reply WHERE account = ? AND msg_key = ?"

// insertReplyRows is an INSERT of replies that leaves the first one of a message alone.
func (s *Store) insertReplyRows(rows int) string {
	return s.db.Dialect.Stamped(s.db.Dialect.InsertNewRows(rows, "message_reply", "account",
		"account", "msg_key", "content", "later", "form", "fields", "created_at"))
}

// Message names a message, as the rows do.
type Message struct {
	Account string `db:"account"`
	Key     string `db:"msg_key"`
}

// replyRow is a row of message_reply.
type replyRow struct {
	Message
	reply.Stored
}

func newReplyRow(account, key string, r message.Reply) (replyRow, error) {
	stored, err := reply.Pack(r)
	if err != nil {
		err = fmt.Errorf("reply to message %s of account %s: %w", key, account, err)
	}
	return replyRow{Message{account, key}, stored}, err
}

// appendArgs appends the row's arguments of insertReplyRows.
func (r *replyRow) appendArgs(args []any) []any {
	return append(args, r.Account, r.Key, r.Text, r.Later, r.Form, r.Fields)
}

// Reply returns the stored reply of a message; false when there is none.
func (s *Store) Reply(ctx context.Context, account, key string) (message.Reply, bool, error) {
	stored, found, err := readReply(ctx, s.db.Read, account, key)
	var r message.Reply
	if err == nil && found {
		r, err = stored.Unpack()
	}
	if err != nil {
		return message.Reply{}, false, fmt.Errorf("read reply to message %s of account %s: %w", key, account, err)
	}
	return r, found, nil
}

// SaveReply stores the reply of a message and its jobs, unless there is one
// already: that one is returned then. A reply without jobs may wait up to 20 ms for
// others, never when it comes alone.
func (s *Store) SaveReply(ctx context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error) {
	if len(jobs) == 0 {
		return s.saveReply(ctx, account, key, r)
	}
	return s.First(ctx, "save reply", account, key, r, jobs, func(context.Context, *sqlx.Tx) error { return nil })
}

// First stores a reply, its jobs and what more stores, all or nothing, unless the message has
// a reply already: that one is returned then. what names the work in an error. more may be
// called more than once, each time in another transaction.
func (s *Store) First(ctx context.Context, what, account, key string, r message.Reply, jobs []job.Envelope,
	more func(ctx context.Context, tx *sqlx.Tx) error,
) (message.Reply, error) {
	row, err := newReplyRow(account, key, r)
	if err != nil {
		return message.Reply{}, fmt.Errorf("%s: %w", what, err)
	}
	outcome := r
	insert := s.insertReplyRows(1)
	var written []job.Envelope
	err = s.db.Update(ctx, what, func(ctx context.Context, tx *sqlx.Tx) error {
		outcome, written = r, nil
		res, err := tx.ExecContext(ctx, insert, row.appendArgs(nil)...)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err != nil {
				return err
			}
			first, _, err := readReply(ctx, tx, account, key)
			if err != nil {
				return err
			}
			outcome, err = first.Unpack()
			return err
		}
		if err := more(ctx, tx); err != nil {
			return err
		}
		written, err = s.db.InsertJobs(ctx, tx, jobs)
		return err
	})
	if err != nil {
		return message.Reply{}, err
	}
	s.db.Announce(written)
	return outcome, nil
}

func readReply(ctx context.Context, q sqlx.QueryerContext, account, key string) (stored reply.Stored, found bool, err error) {
	err = sqlx.GetContext(ctx, q, &stored, selectReply, account, key)
	if errors.Is(err, sql.ErrNoRows) {
		return stored, false, nil
	}
	return stored, err == nil, err
}
