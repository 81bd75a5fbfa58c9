package sqlstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/go-sql-driver/mysql"
	"github.com/jmoiron/sqlx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"oalab/server/internal/userlog"
)

// logConns bounds the connections of the group log: one writes batches, the others
// search.
const logConns = 8

// LogDB is the open database of the group log. It is safe for concurrent use, and
// by several processes at once.
type LogDB struct {
	pool
	migrated atomic.Bool
	inserts  sync.Map // number of rows → statement
}

// OpenLog opens the database of the user log. One on MySQL may be away: the server
// works without it, and Maintain makes the tables once it is there.
func OpenLog(ctx context.Context, cfg Config) (*LogDB, error) {
	dsn := cfg.LogDSN
	if dsn == "" && cfg.Driver == MySQL {
		dsn = cfg.CoreDSN
	}
	cfg.MaxConns, cfg.Readers = logConns, logConns/2
	p, err := openPool(ctx, cfg, groupLog, dsn)
	if err != nil {
		return nil, err
	}
	return &LogDB{pool: p}, nil
}

const logColumns = "sent_at, account, msg_key, openid, msg_type, event, event_key, content, answer, received_at"

const logFields = 10

type logRow struct {
	SentAt     int64  `db:"sent_at"`
	Account    string `db:"account"`
	Key        string `db:"msg_key"`
	OpenID     string `db:"openid"`
	Type       string `db:"msg_type"`
	Event      string `db:"event"`
	EventKey   string `db:"event_key"`
	Content    string `db:"content"`
	Answer     string `db:"answer"`
	ReceivedAt int64  `db:"received_at"`
}

// AppendMessages stores rows in one statement, without a transaction around it:
// asked again, it leaves alone what is there.
func (db *LogDB) AppendMessages(ctx context.Context, rows []userlog.Message) error {
	if len(rows) == 0 {
		return nil
	}
	args := make([]any, 0, len(rows)*logFields)
	for _, m := range rows {
		args = append(args, m.SentAt, m.Account, m.Key, m.OpenID, m.Type, m.Event, m.EventKey, m.Content, m.Answer, m.ReceivedAt)
	}
	insert := db.insertMessages(len(rows))
	err := db.writer.statement(ctx, func(ctx context.Context, q sqlx.ExtContext) error {
		_, err := q.ExecContext(ctx, insert, args...)
		return err
	})
	switch {
	case err == nil:
		return nil
	case refused(err):
		return fmt.Errorf("append %d rows to the user log: %w: %w", len(rows), userlog.ErrRefused, err)
	}
	return fmt.Errorf("append %d rows to the user log: %w", len(rows), err)
}

func (db *LogDB) insertMessages(rows int) string {
	if s, ok := db.inserts.Load(rows); ok {
		return s.(string)
	}
	s := db.dialect.insertNewRows(rows, "user_log", "account", strings.Split(logColumns, ", ")...)
	db.inserts.Store(rows, s)
	return s
}

// refused reports whether the server has judged the values of a statement. What
// says that it is not itself, such as a missing table or a full disk, does not.
func refused(err error) bool {
	if e, ok := errors.AsType[*mysql.MySQLError](err); ok {
		class := string(e.SQLState[:2])
		return class == "22" || class == "23" // data exception, integrity
	}
	if e, ok := errors.AsType[*sqlite.Error](err); ok {
		switch e.Code() & 0xff {
		case sqlite3.SQLITE_CONSTRAINT, sqlite3.SQLITE_TOOBIG, sqlite3.SQLITE_MISMATCH:
			return true
		}
	}
	return false
}

const (
	selectByOpenID = "SELECT " + logColumns + " FROM user_log WHERE account = ? AND openid = ? AND sent_at >= ? AND sent_at < ? ORDER BY sent_at DESC LIMIT ?"
	selectByType   = "SELECT " + logColumns + " FROM user_log WHERE account = ? AND msg_type = ? AND sent_at >= ? AND sent_at < ? ORDER BY sent_at DESC LIMIT ?"
)

// Messages returns the latest messages that a filter chooses, the latest first.
func (db *LogDB) Messages(ctx context.Context, f userlog.Filter) ([]userlog.Message, error) {
	query, by := selectByOpenID, f.OpenID
	if by == "" {
		query, by = selectByType, f.Type
	}
	if by == "" {
		return nil, errors.New("search the user log: neither a follower nor a type is named")
	}
	limit := f.Limit
	if limit <= 0 {
		limit = 100
	}
	var rows []logRow
	if err := db.read.SelectContext(ctx, &rows, query, f.Account, by, f.From.Unix(), f.To.Unix(), limit); err != nil {
		return nil, fmt.Errorf("search the user log: %w", err)
	}
	found := make([]userlog.Message, 0, len(rows))
	for _, r := range rows {
		found = append(found, userlog.Message{
			Account: r.Account, OpenID: r.OpenID, Key: r.Key, Type: r.Type, Event: r.Event, EventKey: r.EventKey,
			Content: r.Content, Answer: r.Answer, SentAt: r.SentAt, ReceivedAt: r.ReceivedAt,
		})
	}
	return found, nil
}

// Maintain makes the tables when they are missing, makes room for the months to
// come, and drops what is older than oldest, the beginning of a month.
func (db *LogDB) Maintain(ctx context.Context, now, oldest time.Time) error {
	if !db.migrated.Load() {
		if err := db.Migrate(ctx); err != nil {
			return err
		}
		db.migrated.Store(true)
	}
	if db.dialect.name == SQLite {
		return db.deleteBefore(ctx, oldest)
	}
	if err := db.alone(ctx, "maintain", db.partition(now, oldest)); err != nil {
		return fmt.Errorf("partition the user log: %w", err)
	}
	return nil
}

const (
	selectDeleteUpTo = "SELECT sent_at FROM user_log WHERE sent_at < ? ORDER BY sent_at LIMIT 1 OFFSET ?"
	deleteUpTo       = "DELETE FROM user_log WHERE sent_at <= ?"
	// deleteRows is about how many rows one transaction deletes: what is appended
	// meanwhile waits for one of them.
	deleteRows = 500
)

// deleteBefore deletes old rows, some at a time.
func (db *LogDB) deleteBefore(ctx context.Context, oldest time.Time) error {
	for {
		// The second of the last row of a batch, or nothing when fewer are left.
		var upTo []int64
		err := db.read.SelectContext(ctx, &upTo, selectDeleteUpTo, oldest.Unix(), deleteRows-1)
		if err != nil {
			return fmt.Errorf("find old rows of the user log: %w", err)
		}
		last := len(upTo) == 0
		if last {
			upTo = []int64{oldest.Unix() - 1}
		}
		if _, err := db.write.ExecContext(ctx, deleteUpTo, upTo[0]); err != nil {
			return fmt.Errorf("delete old rows of the user log: %w", err)
		}
		if last {
			return nil
		}
	}
}
