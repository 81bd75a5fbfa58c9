package sqlstore

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/gather"
)

// Replies that come close together share one statement. It is a transaction by itself,
// so that the first reply of a message wins whoever else inserts it. Notes are gathered
// in the same way (notebatch.go).
const (
	// batchesAtOnce is how many statements of one sort may be under way at once: one that
	// waits for a connection that is dead leaves places for others.
	batchesAtOnce = 8
	// batchTimeout bounds one of them, its repetitions included. It is longer than any
	// caller waits.
	batchTimeout = 5 * time.Second
)

// newReply is a reply on its way into the store. outcome is the reply of its message, as
// soon as it is known.
type newReply struct {
	replyKey
	reply, outcome business.Reply
}

type replyKey struct {
	Account string `db:"account"`
	Key     string `db:"msg_key"`
}

// errAlone says that a statement failed for what one of its rows met, nobody knows which.
var errAlone = errors.New("one of the rows stands in the way of the others")

// gatherReplies lets SaveReply share statements until the returned function is called,
// which comes back when all that wait are stored.
func (db *DB) gatherReplies() (stop func()) {
	db.replies = gather.New(gather.Config{Parallel: batchesAtOnce}, db.insertBatch)
	return run(db.replies)
}

// run runs a gatherer until the returned function is called.
func run[T any](g *gather.Gatherer[T]) (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan struct{})
	go func() {
		defer close(done)
		g.Run(ctx)
	}()
	return func() { cancel(); <-done }
}

// saveReply stores a reply that has no jobs, in one statement with others that come now.
func (db *DB) saveReply(ctx context.Context, account, key string, r business.Reply) (business.Reply, error) {
	mine := &newReply{replyKey: replyKey{account, key}, reply: r}
	err := db.replies.Do(ctx, mine)
	if errors.Is(err, errAlone) {
		err = db.insertReplies(ctx, []*newReply{mine})
	}
	if err != nil {
		return business.Reply{}, fmt.Errorf("save reply: %w", err)
	}
	return mine.outcome, nil
}

// insertBatch is insertReplies for callers of which each has a context of its own.
func (db *DB) insertBatch(ctx context.Context, batch []*newReply) []error {
	ctx, cancel := context.WithTimeout(ctx, batchTimeout)
	defer cancel()
	if err := db.insertReplies(ctx, batch); err != nil {
		return slices.Repeat([]error{err}, len(batch))
	}
	return nil
}

// insertReplies stores replies in one statement and sets their outcomes. Only when some
// message had a reply already, in the store or in the batch, a second one reads them.
// errAlone: nothing is stored, and what cannot be is one of several rows.
func (db *DB) insertReplies(ctx context.Context, batch []*newReply) error {
	// Servers that store the same rows meet them in the same order, and do not lock each
	// other out.
	sorted := slices.SortedStableFunc(slices.Values(batch), func(a, b *newReply) int {
		return cmp.Or(strings.Compare(a.Account, b.Account), strings.Compare(a.Key, b.Key))
	})
	insert := db.dialect.insertNewRows(len(sorted), "message_reply", "account", "account", "msg_key", "content", "later", "created_at")
	args := make([]any, 0, 5*len(sorted))
	now := nowMillis()
	for _, r := range sorted {
		args = append(args, r.Account, r.Key, r.reply.Text, r.reply.Later, now)
	}
	return db.writer.statement(ctx, func(ctx context.Context, q sqlx.ExtContext) error {
		res, err := q.ExecContext(ctx, insert, args...)
		if err != nil {
			if len(sorted) > 1 && (refused(err) || lockWaitEnded(err)) {
				return errAlone
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
			r.outcome = r.reply
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
	var rows []struct {
		replyKey
		replyRow
	}
	if err := sqlx.SelectContext(ctx, q, &rows, selectReplies(len(batch)), args...); err != nil {
		return err
	}
	stored := make(map[replyKey]business.Reply, len(rows))
	for _, r := range rows {
		stored[r.replyKey] = r.reply()
	}
	for _, r := range batch {
		var ok bool
		if r.outcome, ok = stored[r.replyKey]; !ok {
			return fmt.Errorf("message %s of account %s has a reply that cannot be read", r.Key, r.Account)
		}
	}
	return nil
}

// selectReplies reads the replies of so many messages.
func selectReplies(n int) string {
	const one = "(account = ? AND msg_key = ?)"
	return "SELECT account, msg_key, content, later FROM message_reply WHERE " + one + strings.Repeat(" OR "+one, n-1)
}
