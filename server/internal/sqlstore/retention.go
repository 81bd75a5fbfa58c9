package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"oalab/server/internal/sqldb"

	"github.com/jmoiron/sqlx"
)

// Retention is how long rows are kept that nothing depends on any more, by the database's
// clock.
type Retention struct {
	// Replies is for how long after a message its reply is kept, unless its order is open.
	Replies time.Duration
	// Orders is for how long after its end a told order stays in the live table; it goes
	// to the archive then.
	Orders time.Duration
	// DeadLetters is for how long one is kept, unless its order is open.
	DeadLetters time.Duration
	// Zone is where the months of the archive begin.
	Zone *time.Location
}

// The tables that retention takes rows from, as its metric names them.
const (
	RetainReplies     = "replies"
	RetainOrders      = "orders"
	RetainDeadLetters = "dead_letters"
)

const (
	// retainBatch is how many rows one transaction takes: what is stored meanwhile waits
	// for one of them on SQLite, and for none on MySQL.
	retainBatch = 200
	// retainPause is how long the pause after a batch is at least; it is retainShare times
	// the duration of the batch otherwise, so that a slow database has its time for others.
	// It is never longer than retainPauseMax: the lock is held meanwhile, and a process that
	// was frozen within a batch took no time of the database.
	retainPause    = 20 * time.Millisecond
	retainShare    = 9
	retainPauseMax = time.Minute
	// retainWait is how long a server waits for another one that does this work.
	retainWait = time.Second
)

// ErrRetaining says that another process does this work now.
var ErrRetaining = errors.New("another process does the retention")

// Retain removes what is older than it is kept, in small batches with pauses between. One
// process at a time does so; ErrRetaining is returned to another one. removed is told after
// each batch what it took. Rows of one moment are complete after a return of nil.
func (db *DB) Retain(ctx context.Context, r Retention, removed func(table string, rows int)) error {
	work := func(ctx context.Context, _ *sqlx.DB) error {
		now, err := db.Clock(ctx)
		if err != nil {
			return err
		}
		return errors.Join(
			retain(ctx, RetainReplies, removed, db.oldReplies(now.Add(-r.Replies))),
			retain(ctx, RetainOrders, removed, db.oldOrders(now.Add(-r.Orders), r.Zone)),
			retain(ctx, RetainDeadLetters, removed, db.oldLetters(now.Add(-r.DeadLetters))),
		)
	}
	err := db.Alone(ctx, "retain", retainWait, work)
	if errors.Is(err, sqldb.ErrHeld) {
		return ErrRetaining
	}
	return err
}

// retain takes batches until there is none. A batch says how many rows it took, and
// whether there may be more.
func retain(ctx context.Context, table string, removed func(string, int), batch func(context.Context) (int, bool, error)) error {
	for {
		began := time.Now()
		n, more, err := batch(ctx)
		took := time.Since(began) // without removed, which may wait
		if err != nil {
			return fmt.Errorf("retention of %s: %w", table, err)
		}
		if n > 0 {
			removed(table, n)
		}
		if !more {
			return nil
		}
		pause := time.NewTimer(min(max(retainPause, retainShare*took), retainPauseMax))
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return ctx.Err()
		}
	}
}

const selectOldReplies = "SELECT account, msg_key, created_at FROM message_reply WHERE created_at >= ? AND created_at < ? ORDER BY created_at LIMIT ?"

// oldReplies deletes replies of messages that came before a time.
func (db *DB) oldReplies(before time.Time) func(context.Context) (int, bool, error) {
	from, limit := int64(0), retainBatch
	return func(ctx context.Context) (int, bool, error) {
		var rows []struct {
			replyKey
			Created int64 `db:"created_at"`
		}
		if err := db.Read.SelectContext(ctx, &rows, selectOldReplies, from, before.UnixMilli(), limit); err != nil {
			return 0, false, fmt.Errorf("find old replies: %w", err)
		}
		if len(rows) == 0 {
			return 0, false, nil
		}
		keys := make([]replyKey, 0, len(rows))
		for _, r := range rows {
			keys = append(keys, r.replyKey)
		}
		open, err := db.openMessages(ctx, keys)
		if err != nil {
			return 0, false, err
		}
		keys = slices.DeleteFunc(keys, func(k replyKey) bool { return open[k] })
		more := len(rows) == limit
		// Rows of the last moment may follow; when all are of one, more are read at once.
		if last := rows[len(rows)-1].Created; last > from {
			from, limit = last, retainBatch
		} else if len(keys) == 0 {
			limit += retainBatch
		}
		if len(keys) == 0 {
			return 0, more, nil
		}
		query, args := deleteReplies(len(keys)), messageArgs(keys)
		n, err := db.One(ctx, "delete old replies", query, args...)
		return int(n), more, err
	}
}

const (
	deleteReply  = "DELETE FROM message_reply WHERE "
	selectOpenOf = "SELECT account, msg_key FROM orders WHERE settled = 0 AND ("
	ofMessage    = "(account = ? AND msg_key = ?)"
)

// deleteReplies deletes the replies of so many messages.
func deleteReplies(n int) string {
	return deleteReply + ofMessage + strings.Repeat(" OR "+ofMessage, n-1)
}

// selectOpenMessages reads which of so many messages have an open order.
func selectOpenMessages(n int) string {
	return selectOpenOf + ofMessage + strings.Repeat(" OR "+ofMessage, n-1) + ")"
}

func messageArgs(keys []replyKey) []any {
	args := make([]any, 0, 2*len(keys))
	for _, k := range keys {
		args = append(args, k.Account, k.Key)
	}
	return args
}

// openMessages returns those of the messages whose order is unfinished or untold.
func (db *DB) openMessages(ctx context.Context, keys []replyKey) (map[replyKey]bool, error) {
	var found []replyKey
	if err := db.Read.SelectContext(ctx, &found, selectOpenMessages(len(keys)), messageArgs(keys)...); err != nil {
		return nil, fmt.Errorf("find open orders: %w", err)
	}
	open := make(map[replyKey]bool, len(found))
	for _, k := range found {
		open[k] = true
	}
	return open, nil
}

const (
	selectOldOrders = "SELECT serial, created_at FROM orders WHERE settled = 1 AND progress_at < ? ORDER BY progress_at LIMIT ?"
	archiveColumns  = orderColumns + ", progress_at"
	selectToArchive = "SELECT ?, " + archiveColumns + " FROM orders WHERE serial IN (?) AND settled = 1"
	deleteOrders    = "DELETE /*+ INDEX(orders PRIMARY) */ FROM orders WHERE serial IN (?) AND settled = 1"
)

// oldOrders moves told orders to the archive that had their end before a time.
func (db *DB) oldOrders(before time.Time, zone *time.Location) func(context.Context) (int, bool, error) {
	if zone == nil {
		zone = time.UTC
	}
	return func(ctx context.Context) (int, bool, error) {
		var rows []struct {
			Serial  string `db:"serial"`
			Created int64  `db:"created_at"`
		}
		if err := db.Read.SelectContext(ctx, &rows, selectOldOrders, before.UnixMilli(), retainBatch); err != nil {
			return 0, false, fmt.Errorf("find old orders: %w", err)
		}
		months := make(map[int][]string)
		for _, r := range rows {
			at := time.UnixMilli(r.Created).In(zone)
			month := at.Year()*100 + int(at.Month())
			months[month] = append(months[month], r.Serial)
		}
		moved := 0
		err := db.Update(ctx, "archive orders", func(ctx context.Context, tx *sqlx.Tx) error {
			moved = 0
			for month, serials := range months {
				n, err := archive(ctx, tx, month, serials)
				if err != nil {
					return err
				}
				moved += n
			}
			return nil
		})
		return moved, len(rows) == retainBatch, err
	}
}

// archive moves orders of one month.
func archive(ctx context.Context, tx *sqlx.Tx, month int, serials []string) (int, error) {
	insert, args, err := sqlx.In("INSERT INTO order_archive (month, "+archiveColumns+") "+selectToArchive, month, serials)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, insert, args...); err != nil {
		return 0, err
	}
	remove, args, err := sqlx.In(deleteOrders, serials)
	if err != nil {
		return 0, err
	}
	res, err := tx.ExecContext(ctx, remove, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}

const selectLetters = "SELECT " + deadColumns + " FROM dead_letter WHERE id > ? ORDER BY id LIMIT ?"

// oldLetters deletes dead letters that were buried before a time, except those whose order
// is open: they are how people find it. IDs grow with time, so the old ones come first.
func (db *DB) oldLetters(before time.Time) func(context.Context) (int, bool, error) {
	after := int64(0)
	return func(ctx context.Context) (int, bool, error) {
		var rows []deadRow
		if err := db.Read.SelectContext(ctx, &rows, selectLetters, after, retainBatch); err != nil {
			return 0, false, fmt.Errorf("find old dead letters: %w", err)
		}
		letters := make([]DeadLetter, 0, len(rows))
		for _, r := range rows {
			after = r.ID
			if r.Buried < before.UnixMilli() {
				letters = append(letters, r.letter())
			}
		}
		n, _, err := db.dropClosed(ctx, letters)
		return n, len(rows) == retainBatch && len(letters) > 0, err
	}
}

// DropDeadBefore deletes dead letters that were buried before a time. Those whose order
// is open stay. It returns how many it deleted, and how many it kept.
func (db *DB) DropDeadBefore(ctx context.Context, before time.Time) (dropped, kept int, err error) {
	f := DeadFilter{To: before, Limit: retainBatch}
	for {
		letters, err := db.DeadLetters(ctx, f)
		if err != nil || len(letters) == 0 {
			return dropped, kept, err
		}
		n, open, err := db.dropClosed(ctx, letters)
		dropped, kept = dropped+n, kept+open
		if err != nil {
			return dropped, kept, err
		}
		f.Before = letters[len(letters)-1].ID
	}
}

// dropClosed deletes those of the letters whose order is not open.
func (db *DB) dropClosed(ctx context.Context, letters []DeadLetter) (dropped, kept int, err error) {
	var serials []string
	for _, l := range letters {
		if serial := l.Serial(); serial != "" {
			serials = append(serials, serial)
		}
	}
	open, err := db.openSerials(ctx, serials)
	if err != nil {
		return 0, 0, err
	}
	var ids []int64
	for _, l := range letters {
		if open[l.Serial()] {
			kept++
		} else {
			ids = append(ids, l.ID)
		}
	}
	dropped, err = db.deleteDead(ctx, ids)
	return dropped, kept, err
}
