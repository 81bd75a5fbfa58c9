// Package tokenstore keeps the rows of access tokens, whose leases and versions let one
// server refresh a token (CTL-1).
package tokenstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/token"
)

// Store keeps the rows in an open database of the group core. It is safe for concurrent use,
// and by several processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

type tokenRow struct {
	Token     string `db:"token"`
	Version   int64  `db:"version"`
	LeftMS    int64  `db:"left_ms"`
	AgeMS     int64  `db:"age_ms"`
	Leased    bool   `db:"leased"`
	Dead      bool   `db:"dead"`
	Intent    bool   `db:"intent"`
	IntentAge int64  `db:"intent_age_ms"`
}

// TokenRow returns the token row of an account, made when there is none.
func (s *Store) TokenRow(ctx context.Context, account string) (token.Row, error) {
	row, err := s.tokenRow(ctx, account)
	if errors.Is(err, sql.ErrNoRows) {
		insert := s.db.Dialect.InsertNew("access_token", "account", "account", "token", "version", "lease_owner", "lease_until",
			"expires_at", "refreshed_at", "dead", "intent_at")
		if err := s.db.Update(ctx, "make token row", func(ctx context.Context, tx *sqlx.Tx) error {
			_, err := tx.ExecContext(ctx, insert, account, "", 1, "", 0, 0, 0, 0, 0)
			return err
		}); err != nil {
			return token.Row{}, err
		}
		row, err = s.tokenRow(ctx, account)
	}
	if err != nil {
		return token.Row{}, fmt.Errorf("read token row of account %s: %w", account, err)
	}
	return token.Row{
		Token:  token.Token{Value: row.Token, Version: row.Version, Left: time.Duration(row.LeftMS) * time.Millisecond},
		Age:    time.Duration(row.AgeMS) * time.Millisecond,
		Leased: row.Leased, Dead: row.Dead, Intent: row.Intent,
		IntentAge: time.Duration(row.IntentAge) * time.Millisecond,
	}, nil
}

func (s *Store) tokenRow(ctx context.Context, account string) (tokenRow, error) {
	var row tokenRow
	err := s.db.Read.GetContext(ctx, &row, s.selectToken(), account)
	return row, err
}

func (s *Store) selectToken() string {
	now := s.db.Dialect.Now
	return "SELECT token, version, expires_at - " + now + " AS left_ms, " + now + " - refreshed_at AS age_ms, " +
		"lease_until >= " + now + " AS leased, dead, intent_at <> 0 AS intent, " + now + " - intent_at AS intent_age_ms " +
		"FROM access_token WHERE account = ?"
}

// LeaseToken makes the caller the only one who refreshes the token, unless
// another one is or was there first. The database's clock says whether a lease holds.
func (s *Store) LeaseToken(ctx context.Context, account string, version int64, l token.Lease) (int64, error) {
	lease := s.leaseToken()
	err := s.db.Update(ctx, "lease token row", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.Change(ctx, tx, token.ErrTaken, lease, l.Owner, l.For.Milliseconds(), l.Dead, l.Intent, account, version)
	})
	return version + 1, err
}

// An intent that is open already stays the earlier one: the token dies by it first.
func (s *Store) leaseToken() string {
	now := s.db.Dialect.Now
	return "UPDATE access_token SET lease_owner = ?, lease_until = " + now + " + ?, version = version + 1, " +
		"dead = CASE WHEN ? THEN 1 ELSE dead END, " +
		"intent_at = CASE WHEN ? AND intent_at = 0 THEN " + now + " ELSE intent_at END " +
		"WHERE account = ? AND version = ? AND lease_until < " + now
}

// CommitToken stores a token and ends the lease. A token that is stored already
// keeps its age.
func (s *Store) CommitToken(ctx context.Context, account string, version int64, value string, until time.Time) (int64, error) {
	commit := s.commitToken()
	err := s.db.Update(ctx, "commit token", func(ctx context.Context, tx *sqlx.Tx) error {
		// Here, as the work may have waited for its turn.
		left := time.Until(until).Milliseconds()
		return sqldb.Change(ctx, tx, token.ErrTaken, commit, value, value, left, account, version)
	})
	return version + 1, err
}

// MySQL assigns from left to right: the old token is asked for before it changes.
func (s *Store) commitToken() string {
	now := s.db.Dialect.Now
	return "UPDATE access_token SET refreshed_at = CASE WHEN token = ? THEN refreshed_at ELSE " + now + " END, " +
		"token = ?, expires_at = " + now + " + ?, version = version + 1, lease_owner = '', lease_until = 0, " +
		"dead = 0, intent_at = 0 WHERE account = ? AND version = ?"
}

const releaseToken = "UPDATE access_token SET version = version + 1, lease_owner = '', lease_until = 0, " +
	"intent_at = CASE WHEN ? THEN intent_at ELSE 0 END WHERE account = ? AND version = ?"

// ReleaseToken ends a lease without a token.
func (s *Store) ReleaseToken(ctx context.Context, account string, version int64, keepIntent bool) error {
	return s.db.Update(ctx, "release token row", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.Change(ctx, tx, token.ErrTaken, releaseToken, keepIntent, account, version)
	})
}
