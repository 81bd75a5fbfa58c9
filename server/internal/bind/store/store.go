// Package bindstore keeps the attempts to bind a phone number, and what the carrier says of
// numbers, in the group core of the database (BIZ-2).
package bindstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/bind"
	"oalab/server/internal/sqldb"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the attempts and the numbers.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_bind_version", Files: files}
}

// Store keeps them in an open database. It is safe for concurrent use, and by several
// processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

const (
	window = int64(time.Hour / time.Millisecond)
	// late is how long after its end a code is still told to be too late.
	late = int64(30 * time.Minute / time.Millisecond)
)

// count is how often something was begun lately.
type count struct {
	BegunAt  int64 `db:"begun_at"`
	WindowAt int64 `db:"window_at"`
	Begun    int   `db:"begun"`
}

// next counts one more, or says why there is none.
func (c *count) next(now int64, l bind.Limits) error {
	if now-c.BegunAt < l.Gap.Milliseconds() {
		return bind.ErrTooSoon
	}
	if now-c.WindowAt >= window {
		c.WindowAt, c.Begun = now, 0
	}
	if c.Begun >= l.Hourly {
		return bind.ErrTooMany
	}
	c.BegunAt = now
	c.Begun++
	return nil
}

type attempt struct {
	count
	Phone       string `db:"phone"`
	AskKey      string `db:"ask_key"`
	Salt        []byte `db:"salt"`
	Sum         []byte `db:"code_sum"`
	UntilAt     int64  `db:"until_at"`
	Wrong       int    `db:"wrong"`
	LockedUntil int64  `db:"locked_until"`
	VerdictKey  string `db:"verdict_key"`
	Verdict     string `db:"verdict"`
}

const (
	selectAttempt = "SELECT begun_at, window_at, begun, phone, ask_key, salt, code_sum, until_at, wrong, locked_until, verdict_key, verdict " +
		"FROM bind_attempt WHERE account = ? AND openid = ?"
	lockAttempt  = "UPDATE bind_attempt SET wrong = wrong WHERE account = ? AND openid = ?"
	beginAttempt = "UPDATE bind_attempt SET begun_at = ?, window_at = ?, begun = ?, phone = ?, ask_key = ?, salt = ?, code_sum = ?, until_at = ?, " +
		"wrong = 0 WHERE account = ? AND openid = ?"
	judgeAttempt = "UPDATE bind_attempt SET until_at = ?, wrong = ?, locked_until = ?, verdict_key = ?, verdict = ? WHERE account = ? AND openid = ?"
	selectNumber = "SELECT begun_at, window_at, begun FROM bind_number WHERE phone = ?"
	beginNumber  = "UPDATE bind_number SET begun_at = ?, window_at = ?, begun = ? WHERE phone = ?"
	updateNumber = "UPDATE bind_number SET carrier = ?, province = ?, city = ? WHERE phone = ?"
)

// insertAttempt and insertNumber make the rows that are locked then. A follower is locked
// before a number, always.
func (s *Store) insertAttempt() string {
	return s.db.Dialect.InsertNew("bind_attempt", "account", "account", "openid", "phone", "ask_key", "salt", "code_sum", "verdict_key", "verdict")
}

func (s *Store) insertNumber() string {
	return s.db.Dialect.InsertNew("bind_number", "phone", "phone", "carrier", "province", "city")
}

// Begin implements bind.Store.
func (s *Store) Begin(ctx context.Context, a bind.Attempt, l bind.Limits) (again bool, err error) {
	err = s.db.Update(ctx, "begin a binding", func(ctx context.Context, tx *sqlx.Tx) error {
		again = false
		now, err := s.db.ClockOf(ctx, tx)
		if err != nil {
			return err
		}
		err = sqldb.ExecAll(ctx, tx,
			sqldb.Query{Text: s.insertAttempt(), Args: []any{a.Account, a.OpenID, "", "", []byte{}, []byte{}, "", ""}},
			sqldb.Query{Text: lockAttempt, Args: []any{a.Account, a.OpenID}})
		if err != nil {
			return err
		}
		var row attempt
		if err := tx.GetContext(ctx, &row, selectAttempt, a.Account, a.OpenID); err != nil {
			return fmt.Errorf("read the attempt of a follower: %w", err)
		}
		if again = row.AskKey == a.Key; again {
			return nil
		}
		ms := now.UnixMilli()
		if ms < row.LockedUntil {
			return bind.ErrLocked
		}
		if err := row.next(ms, l); err != nil {
			return err
		}
		if err := s.beginNumber(ctx, tx, a.Phone, ms, l); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, beginAttempt, row.BegunAt, row.WindowAt, row.Begun, a.Phone, a.Key, filled(a.Salt), filled(a.Sum),
			ms+l.Life.Milliseconds(), a.Account, a.OpenID)
		return err
	})
	return again && err == nil, err
}

// beginNumber counts an attempt of a number.
func (s *Store) beginNumber(ctx context.Context, tx *sqlx.Tx, phone string, ms int64, l bind.Limits) error {
	if _, err := tx.ExecContext(ctx, s.insertNumber(), phone, "", "", ""); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, lockNumber, phone); err != nil {
		return err
	}
	var number count
	if err := tx.GetContext(ctx, &number, selectNumber, phone); err != nil {
		return fmt.Errorf("read the attempts of a number: %w", err)
	}
	if err := number.next(ms, l); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, beginNumber, number.BegunAt, number.WindowAt, number.Begun, phone)
	return err
}

const lockNumber = "UPDATE bind_number SET begun = begun WHERE phone = ?"

// Judge implements bind.Store.
func (s *Store) Judge(
	ctx context.Context, account, openid, key string, right func(salt, sum []byte) bool, l bind.Limits,
) (a bind.Attempt, v bind.Verdict, left int, err error) {
	// Most followers that send six digits have begun nothing: nothing is written then.
	var row attempt
	err = s.db.Read.GetContext(ctx, &row, selectAttempt, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return a, bind.VerdictNone, 0, nil
	}
	if err != nil {
		return a, bind.VerdictNone, 0, fmt.Errorf("read the attempt of a follower: %w", err)
	}
	err = s.db.Update(ctx, "judge a code", func(ctx context.Context, tx *sqlx.Tx) error {
		now, err := s.db.ClockOf(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, lockAttempt, account, openid); err != nil {
			return err
		}
		var row attempt
		if err := tx.GetContext(ctx, &row, selectAttempt, account, openid); err != nil {
			return fmt.Errorf("read the attempt of a follower: %w", err)
		}
		a = bind.Attempt{Account: account, OpenID: openid, Phone: row.Phone, Key: row.AskKey}
		if row.VerdictKey == key {
			v, left = bind.Verdict(row.Verdict), l.Wrong-row.Wrong
			return nil
		}
		v = row.judge(now.UnixMilli(), right, l)
		if left = l.Wrong - row.Wrong; v == bind.VerdictNone {
			return nil
		}
		_, err = tx.ExecContext(ctx, judgeAttempt, row.UntilAt, row.Wrong, row.LockedUntil, key, string(v), account, openid)
		return err
	})
	if err != nil {
		return bind.Attempt{}, bind.VerdictNone, 0, err
	}
	return a, v, left, nil
}

// judge decides on a code, and changes the row accordingly. An attempt that has come to its
// end has the end 0.
func (r *attempt) judge(now int64, right func(salt, sum []byte) bool, l bind.Limits) bind.Verdict {
	switch {
	case r.UntilAt == 0 || len(r.Sum) == 0 || now > r.UntilAt+late:
		if now < r.LockedUntil {
			return bind.VerdictLocked
		}
		return bind.VerdictNone
	case now > r.UntilAt:
		return bind.VerdictExpired
	case right(r.Salt, r.Sum):
		r.UntilAt, r.Wrong = 0, 0
		return bind.VerdictRight
	}
	if r.Wrong++; r.Wrong < l.Wrong {
		return bind.VerdictWrong
	}
	r.UntilAt, r.LockedUntil = 0, now+l.Lock.Milliseconds()
	return bind.VerdictLocked
}

// SaveNumber implements bind.Store.
func (s *Store) SaveNumber(ctx context.Context, n bind.Number) error {
	_, err := s.db.One(ctx, "keep what the carrier says of a number", updateNumber, n.Carrier, n.Province, n.City, n.Phone)
	return err
}

// filled is never nil: the columns take no NULL.
func filled(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
