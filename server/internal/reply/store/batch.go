package replystore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/internal/sqldb"
)

// newReply is a reply on its way into the store. What became of it is known after the
// statement: outcome is the reply of its message, and err says that it cannot be read.
type newReply struct {
	replyRow
	reply, outcome message.Reply
	err            error
}

// saveReply stores a reply that has no jobs, in one statement with others that come now.
func (s *Store) saveReply(ctx context.Context, account, key string, r message.Reply) (_ message.Reply, err error) {
	mine := &newReply{reply: r}
	if mine.replyRow, err = newReplyRow(account, key, r); err == nil {
		err = s.replies.Do(ctx, mine)
	}
	if errors.Is(err, sqldb.ErrAlone) {
		err = s.insertReplies(ctx, []*newReply{mine})
	}
	if err == nil {
		err = mine.err
	}
	if err != nil {
		return message.Reply{}, fmt.Errorf("save reply: %w", err)
	}
	return mine.outcome, nil
}

// insertReplies stores replies in one statement and sets their outcomes. Only when some
// message had a reply already, in the store or in the batch, a second one reads them.
// sqldb.ErrAlone: nothing is stored, and what cannot be is one of several rows.
func (s *Store) insertReplies(ctx context.Context, batch []*newReply) error {
	// Servers that store the same rows meet them in the same order, and do not lock each
	// other out.
	sorted := slices.SortedStableFunc(slices.Values(batch), func(a, b *newReply) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Key, b.Key))
	})
	insert := s.insertReplyRows(len(sorted))
	var args []any
	for _, r := range sorted {
		args = r.appendArgs(args)
	}
	return s.db.Statement(ctx, func(ctx context.Context, q sqlx.ExtContext) error {
		res, err := q.ExecContext(ctx, insert, args...)
		if err != nil {
			if len(sorted) > 1 && (sqldb.Refused(err) || sqldb.LockWaitEnded(err)) {
				return sqldb.ErrAlone
			}
			return err
		}
		switch n, err := res.RowsAffected(); {
		case err != nil:
			return err
		case int(n) < len(sorted):
			return readReplies(ctx, q, sorted)
		}
		for _, r := range sorted {
			r.outcome, r.err = r.reply, nil
		}
		return nil
	})
}

// readReplies sets the outcomes of replies whose messages all have one in the store.
func readReplies(ctx context.Context, q sqlx.QueryerContext, batch []*newReply) error {
	args := make([]any, 0, 2*len(batch))
	for _, r := range batch {
		args = append(args, r.Account, r.Key)
	}
	var rows []replyRow
	if err := sqlx.SelectContext(ctx, q, &rows, selectReplies(len(batch)), args...); err != nil {
		return err
	}
	stored := make(map[Message]reply.Stored, len(rows))
	for _, r := range rows {
		stored[r.Message] = r.Stored
	}
	for _, r := range batch {
		first, ok := stored[r.Message]
		if !ok {
			return fmt.Errorf("message %s of account %s has a reply that cannot be read", r.Key, r.Account)
		}
		if r.outcome, r.err = first.Unpack(); r.err != nil {
			r.err = fmt.Errorf("reply to message %s of account %s: %w", r.Key, r.Account, r.err)
		}
	}
	return nil
}

// selectReplies reads the replies of so many messages.
func selectReplies(n int) string {
	const one = "(account = ? AND msg_key = ?)"
	return "SELECT account, msg_key, " + replyColumns + " FROM message_reply WHERE " + one + strings.Repeat(" OR "+one, n-1)
}
