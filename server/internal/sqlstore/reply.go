package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
)

// replyColumns are those of a stored reply; one from before the forms has no fields.
const replyColumns = "content, later, form, COALESCE(fields, '') AS fields"

const selectReply = "SELECT " + replyColumns + " FROM message_reply WHERE account = ? AND msg_key = ?"

// insertReplyRows is an INSERT of replies that leaves the first one of a message alone.
func (db *DB) insertReplyRows(rows int) string {
	return db.Dialect.Stamped(db.Dialect.InsertNewRows(rows, "message_reply", "account",
		"account", "msg_key", "content", "later", "form", "fields", "created_at"))
}

// replyKey names a message.
type replyKey struct {
	Account string `db:"account"`
	Key     string `db:"msg_key"`
}

// replyRow is a row of message_reply.
type replyRow struct {
	replyKey
	reply.Stored
}

func newReplyRow(account, key string, r message.Reply) (replyRow, error) {
	stored, err := reply.Pack(r)
	if err != nil {
		err = fmt.Errorf("reply to message %s of account %s: %w", key, account, err)
	}
	return replyRow{replyKey{account, key}, stored}, err
}

// appendArgs appends the row's arguments of insertReplyRows.
func (r *replyRow) appendArgs(args []any) []any {
	return append(args, r.Account, r.Key, r.Text, r.Later, r.Form, r.Fields)
}

// Reply returns the stored reply of a message; false when there is none.
func (db *DB) Reply(ctx context.Context, account, key string) (message.Reply, bool, error) {
	stored, found, err := readReply(ctx, db.Read, account, key)
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
func (db *DB) SaveReply(ctx context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error) {
	if len(jobs) == 0 {
		return db.saveReply(ctx, account, key, r)
	}
	return db.firstReply(ctx, "save reply", account, key, r, jobs, func(context.Context, *sqlx.Tx) error { return nil })
}

// firstReply stores a reply, its jobs and what more stores, all or nothing, unless the
// message has a reply already.
func (db *DB) firstReply(ctx context.Context, what, account, key string, r message.Reply, jobs []job.Envelope,
	more func(ctx context.Context, tx *sqlx.Tx) error,
) (message.Reply, error) {
	row, err := newReplyRow(account, key, r)
	if err != nil {
		return message.Reply{}, fmt.Errorf("%s: %w", what, err)
	}
	outcome := r
	insert := db.insertReplyRows(1)
	var written []job.Envelope
	err = db.Update(ctx, what, func(ctx context.Context, tx *sqlx.Tx) error {
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
		written, err = db.InsertJobs(ctx, tx, jobs)
		return err
	})
	if err != nil {
		return message.Reply{}, err
	}
	db.Announce(written)
	return outcome, nil
}

func readReply(ctx context.Context, q sqlx.QueryerContext, account, key string) (stored reply.Stored, found bool, err error) {
	err = sqlx.GetContext(ctx, q, &stored, selectReply, account, key)
	if errors.Is(err, sql.ErrNoRows) {
		return stored, false, nil
	}
	return stored, err == nil, err
}
