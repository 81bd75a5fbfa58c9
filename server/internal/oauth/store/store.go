// Package oauthstore keeps the profiles of followers and their tokens, which are sealed, in
// the group core of the database (OAU-3, OAU-5).
package oauthstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"oalab/server/internal/oauth"
	"oalab/server/internal/sqldb"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the profiles.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_oauth_version", Files: files}
}

// Store keeps the profiles in an open database. It is safe for concurrent use, and by several
// processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

type profileRow struct {
	UnionID      string `db:"unionid"`
	Nickname     string `db:"nickname"`
	Picture      string `db:"picture"`
	ProfileAt    int64  `db:"profile_at"`
	KeyID        string `db:"key_id"`
	Access       []byte `db:"access"`
	Refresh      []byte `db:"refresh"`
	AccessUntil  int64  `db:"access_until"`
	RefreshUntil int64  `db:"refresh_until"`
}

// kept are the columns of a row beside its key.
var kept = []string{"unionid", "nickname", "picture", "profile_at", "key_id", "access", "refresh", "access_until", "refresh_until"}

// SaveUser implements oauth.Users.
func (s *Store) SaveUser(ctx context.Context, u oauth.User) error {
	_, err := s.db.One(ctx, "store the profile of a follower", s.upsertProfile(), u.Account, u.OpenID, u.UnionID, u.Profile.Nickname, u.Profile.Picture, milli(u.Profile.At),
		u.Tokens.KeyID, u.Tokens.Access, u.Tokens.Refresh, milli(u.Tokens.AccessUntil), milli(u.Tokens.RefreshUntil))
	return err
}

func (s *Store) upsertProfile() string {
	key := []string{"account", "openid"}
	return s.db.Dialect.Upsert("follower_profile", key, kept, append(key, kept...))
}

const selectProfile = "SELECT unionid, nickname, picture, profile_at, key_id, access, refresh, access_until, refresh_until " +
	"FROM follower_profile WHERE account = ? AND openid = ?"

// LoadUser implements oauth.Users.
func (s *Store) LoadUser(ctx context.Context, account, openid string) (oauth.User, error) {
	var row profileRow
	err := s.db.Read.GetContext(ctx, &row, selectProfile, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return oauth.User{}, oauth.ErrNoUser
	}
	if err != nil {
		return oauth.User{}, fmt.Errorf("read the profile of a follower: %w", err)
	}
	return oauth.User{
		Account: account, OpenID: openid, UnionID: row.UnionID,
		Profile: oauth.Profile{Nickname: row.Nickname, Picture: row.Picture, At: moment(row.ProfileAt)},
		Tokens: oauth.SealedTokens{
			KeyID: row.KeyID, Access: row.Access, Refresh: row.Refresh,
			AccessUntil: moment(row.AccessUntil), RefreshUntil: moment(row.RefreshUntil),
		},
	}, nil
}

// milli and moment write a time as a column has it; 0 is the zero time.
func milli(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMilli()
}

func moment(ms int64) time.Time {
	if ms == 0 {
		return time.Time{}
	}
	return time.UnixMilli(ms)
}
