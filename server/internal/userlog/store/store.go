// Package userlogstore keeps the user log in the group log of the database: batches of rows,
// searches, and months that come and go (LOG-1).
package userlogstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/userlog"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the user log.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_log_version", Files: files}
}

// Store is the user log in an open database. It is safe for concurrent use, and
// by several processes at once.
type Store struct {
	db       *sqldb.DB
	zone     *time.Location // of the months
	migrated atomic.Bool
	inserts  sync.Map // number of rows → statement
}

// New makes the store over a database of the group log. The months begin where they do in
// the zone; nil means UTC.
func New(db *sqldb.DB, zone *time.Location) *Store {
	if zone == nil {
		zone = time.UTC
	}
	return &Store{db: db, zone: zone}
}

const logColumns = "sent_at, account, msg_key, openid, msg_type, event, event_key, content, answer, received_at, took_us"

const logFields = 11

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
	TookMicros int64  `db:"took_us"`
}

// AppendMessages stores rows in one statement, without a transaction around it:
// asked again, it leaves alone what is there.
func (s *Store) AppendMessages(ctx context.Context, rows []userlog.Message) error {
	if len(rows) == 0 {
		return nil
	}
	args := make([]any, 0, len(rows)*logFields)
	for _, m := range rows {
		args = append(args, m.SentAt, m.Account, m.Key, m.OpenID, m.Type, m.Event, m.EventKey, m.Content, m.Answer, m.ReceivedAt, m.TookMicros)
	}
	insert := s.insertMessages(len(rows))
	err := s.db.Statement(ctx, func(ctx context.Context, q sqlx.ExtContext) error {
		_, err := q.ExecContext(ctx, insert, args...)
		return err
	})
	switch {
	case err == nil:
		return nil
	case sqldb.Refused(err):
		return fmt.Errorf("append %d rows to the user log: %w: %w", len(rows), userlog.ErrRefused, err)
	}
	return fmt.Errorf("append %d rows to the user log: %w", len(rows), err)
}

func (s *Store) insertMessages(rows int) string {
	if known, ok := s.inserts.Load(rows); ok {
		return known.(string)
	}
	insert := s.db.Dialect.InsertNewRows(rows, "user_log", "account", strings.Split(logColumns, ", ")...)
	s.inserts.Store(rows, insert)
	return insert
}

const (
	selectByOpenID = "SELECT " + logColumns + " FROM user_log WHERE account = ? AND openid = ? AND sent_at >= ? AND sent_at < ? ORDER BY sent_at DESC LIMIT ?"
	selectFirst    = "SELECT received_at FROM user_log WHERE sent_at = ? AND account = ? AND msg_key = ?"
	selectByType   = "SELECT " + logColumns + " FROM user_log WHERE account = ? AND msg_type = ? AND sent_at >= ? AND sent_at < ? ORDER BY sent_at DESC LIMIT ?"
)

// Messages returns the latest messages that a filter chooses, the latest first.
func (s *Store) Messages(ctx context.Context, f userlog.Filter) ([]userlog.Message, error) {
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
	if err := s.db.Read.SelectContext(ctx, &rows, query, f.Account, by, f.From.Unix(), f.To.Unix(), limit); err != nil {
		return nil, fmt.Errorf("search the user log: %w", err)
	}
	found := make([]userlog.Message, 0, len(rows))
	for _, r := range rows {
		found = append(found, userlog.Message{
			Account: r.Account, OpenID: r.OpenID, Key: r.Key, Type: r.Type, Event: r.Event, EventKey: r.EventKey,
			Content: r.Content, Answer: r.Answer, SentAt: r.SentAt, ReceivedAt: r.ReceivedAt, TookMicros: r.TookMicros,
		})
	}
	return found, nil
}

// First returns when the try of a message came that its row tells of.
func (s *Store) First(ctx context.Context, account, key string, sentAt int64) (receivedAt int64, found bool, err error) {
	err = s.db.Read.GetContext(ctx, &receivedAt, selectFirst, sentAt, account, key)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, false, nil
	}
	if err != nil {
		return 0, false, fmt.Errorf("search the user log: %w", err)
	}
	return receivedAt, true, nil
}

// maintainWait is how long a server waits for another one that maintains the log.
const maintainWait = time.Minute

// Maintain makes the tables when they are missing, makes room for the months to
// come, which begin where they do in the zone of New, and drops what is older than so
// many full months before the current one. One
// process at a time drops, by the database's clock (see oldestKept).
func (s *Store) Maintain(ctx context.Context, months int) error {
	return s.maintain(ctx, months, s.clock)
}

func (s *Store) maintain(ctx context.Context, months int, clock func(ctx context.Context, q sqlx.QueryerContext) (time.Time, error)) error {
	if !s.migrated.Load() {
		if err := s.db.Migrate(ctx, Migrations()); err != nil {
			return err
		}
		s.migrated.Store(true)
	}
	// A lock of its own: deletions may take long on SQLite, where the one of migrations keeps
	// processes from opening the database.
	err := s.db.Alone(ctx, "maintain", maintainWait, func(ctx context.Context, q *sqlx.DB) error {
		now, err := clock(ctx, q)
		if err != nil {
			return err
		}
		oldest, err := oldestKept(ctx, q, now, months)
		if err != nil {
			return err
		}
		if s.db.Dialect.Engine == sqldb.SQLite {
			return s.deleteBefore(ctx, oldest)
		}
		return partition(ctx, q, now, oldest)
	})
	if err != nil {
		return fmt.Errorf("maintain the user log: %w", err)
	}
	return nil
}

// clock is the time of the database, in the zone of the months.
func (s *Store) clock(ctx context.Context, q sqlx.QueryerContext) (time.Time, error) {
	now, err := s.db.ClockOf(ctx, q)
	return now.In(s.zone), err
}

// selectNewest reads the time of the newest row that is not of the future.
const selectNewest = "SELECT sent_at FROM user_log WHERE sent_at <= ? ORDER BY sent_at DESC LIMIT 1"

// oldestKept is the beginning of what is kept: so many full months before the month of
// the newest row, or before the current one if that is earlier. A clock that is months
// ahead drops nothing so (LOG-1).
func oldestKept(ctx context.Context, q sqlx.QueryerContext, now time.Time, months int) (time.Time, error) {
	newest := now
	var sentAt int64
	err := sqlx.GetContext(ctx, q, &sentAt, selectNewest, now.Unix())
	switch {
	case err == nil:
		newest = time.Unix(sentAt, 0).In(now.Location())
	case !errors.Is(err, sql.ErrNoRows):
		return time.Time{}, fmt.Errorf("read the newest row of the user log: %w", err)
	}
	return firstOf(newest).AddDate(0, -months, 0), nil
}

const (
	selectDeleteUpTo = "SELECT sent_at FROM user_log WHERE sent_at < ? ORDER BY sent_at LIMIT 1 OFFSET ?"
	deleteUpTo       = "DELETE FROM user_log WHERE sent_at <= ?"
	// deleteRows is about how many rows one transaction deletes: what is appended
	// meanwhile waits for one of them.
	deleteRows = 500
)

// deleteBefore deletes old rows, some at a time.
func (s *Store) deleteBefore(ctx context.Context, oldest time.Time) error {
	for {
		// The second of the last row of a batch, or nothing when fewer are left.
		var upTo []int64
		err := s.db.Read.SelectContext(ctx, &upTo, selectDeleteUpTo, oldest.Unix(), deleteRows-1)
		if err != nil {
			return fmt.Errorf("find old rows of the user log: %w", err)
		}
		last := len(upTo) == 0
		if last {
			upTo = []int64{oldest.Unix() - 1}
		}
		if _, err := s.db.One(ctx, "delete old rows of the user log", deleteUpTo, upTo[0]); err != nil {
			return err
		}
		if last {
			return nil
		}
	}
}
