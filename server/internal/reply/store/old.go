package replystore

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"oalab/server/internal/sqldb"
)

const (
	selectOldReplies = "SELECT account, msg_key, created_at FROM message_reply WHERE created_at >= ? AND created_at < ? ORDER BY created_at LIMIT ?"
	deleteReply      = "DELETE FROM message_reply WHERE "
	ofMessage        = "(account = ? AND msg_key = ?)"
)

// Open returns those of the messages, at least one, that caused something that is not done
// yet. Their replies are kept.
type Open func(ctx context.Context, of []Message) (map[Message]bool, error)

// OldReplies returns what deletes the next batch of the replies of messages that came before a
// time, except the open ones. It tells how many it deleted, and whether there may be more.
func (s *Store) OldReplies(before time.Time, open Open) func(context.Context) (rows int, more bool, err error) {
	from, limit := int64(0), sqldb.OldRows
	return func(ctx context.Context) (int, bool, error) {
		var rows []struct {
			Message
			Created int64 `db:"created_at"`
		}
		if err := s.db.Read.SelectContext(ctx, &rows, selectOldReplies, from, before.UnixMilli(), limit); err != nil {
			return 0, false, fmt.Errorf("find old replies: %w", err)
		}
		if len(rows) == 0 {
			return 0, false, nil
		}
		of := make([]Message, 0, len(rows))
		for _, r := range rows {
			of = append(of, r.Message)
		}
		is, err := open(ctx, of)
		if err != nil {
			return 0, false, err
		}
		of = slices.DeleteFunc(of, func(m Message) bool { return is[m] })
		more := len(rows) == limit
		// Rows of the last moment may follow; when all are of one, more are read at once.
		if last := rows[len(rows)-1].Created; last > from {
			from, limit = last, sqldb.OldRows
		} else if len(of) == 0 {
			limit += sqldb.OldRows
		}
		if len(of) == 0 {
			return 0, more, nil
		}
		args := make([]any, 0, 2*len(of))
		for _, m := range of {
			args = append(args, m.Account, m.Key)
		}
		n, err := s.db.One(ctx, "delete old replies", deleteReplies(len(of)), args...)
		return int(n), more, err
	}
}

// deleteReplies deletes the replies of so many messages.
func deleteReplies(n int) string {
	return deleteReply + ofMessage + strings.Repeat(" OR "+ofMessage, n-1)
}
