package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
)

const selectReply = "SELECT content, later FROM message_reply WHERE account = ? AND msg_key = ?"

type replyRow struct {
	Content string `db:"content"`
	Later   bool   `db:"later"`
}

func (r replyRow) reply() business.Reply { return business.Reply{Text: r.Content, Later: r.Later} }

// Reply returns the stored reply of a message; false when there is none.
func (db *DB) Reply(ctx context.Context, account, key string) (business.Reply, bool, error) {
	r, found, err := readReply(ctx, db.read, account, key)
	if err != nil {
		return business.Reply{}, false, fmt.Errorf("read reply: %w", err)
	}
	return r, found, nil
}

// SaveReply stores the reply of a message and its jobs, unless there is one
// already: that one is returned then. A reply without jobs may wait up to 20 ms for
// others, never when it comes alone.
func (db *DB) SaveReply(ctx context.Context, account, key string, r business.Reply, jobs ...job.Envelope) (business.Reply, error) {
	if len(jobs) == 0 {
		return db.saveReply(ctx, account, key, r)
	}
	return db.firstReply(ctx, "save reply", account, key, r, jobs, func(context.Context, *sqlx.Tx) error { return nil })
}

// firstReply stores a reply, its jobs and whatever more does, all or nothing,
// unless the message has a reply already.
func (db *DB) firstReply(ctx context.Context, what, account, key string, r business.Reply, jobs []job.Envelope,
	more func(ctx context.Context, tx *sqlx.Tx) error,
) (business.Reply, error) {
	insert := db.dialect.insertNew("message_reply", "account", "account", "msg_key", "content", "later", "created_at")
	outcome := r
	var stored []job.Envelope
	err := db.update(ctx, what, func(ctx context.Context, tx *sqlx.Tx) error {
		outcome, stored = r, nil
		res, err := tx.ExecContext(ctx, insert, account, key, r.Text, r.Later, nowMillis())
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			if err != nil {
				return err
			}
			outcome, _, err = readReply(ctx, tx, account, key)
			return err
		}
		if err := more(ctx, tx); err != nil {
			return err
		}
		stored, err = db.insertJobs(ctx, tx, jobs)
		return err
	})
	if err != nil {
		return business.Reply{}, err
	}
	db.announce(stored)
	return outcome, nil
}

func readReply(ctx context.Context, q sqlx.QueryerContext, account, key string) (business.Reply, bool, error) {
	var row replyRow
	err := sqlx.GetContext(ctx, q, &row, selectReply, account, key)
	if errors.Is(err, sql.ErrNoRows) {
		return business.Reply{}, false, nil
	}
	return row.reply(), err == nil, err
}
