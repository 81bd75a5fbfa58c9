// Package followerstore keeps followers and their growth in the group core of the database
// (MSG-11, STO-4, ADM-8).
package followerstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"strings"
	"time"

	"oalab/server/internal/follower"
	"oalab/server/internal/sqldb"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the followers.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_follower_version", Files: files}
}

// Store keeps the followers in an open database. It is safe for concurrent use, and by
// several processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db} }

type followerRow struct {
	UnionID   string `db:"unionid"`
	Following bool   `db:"following"`
	Times     int    `db:"times"`
	Since     int64  `db:"since_at"`
	Left      int64  `db:"left_at"`
	Scene     string `db:"scene"`
	Way       string `db:"way"`
	Nickname  string `db:"nickname"`
	Picture   string `db:"picture"`
	Language  string `db:"lang"`
	Remark    string `db:"remark"`
	Asked     int64  `db:"asked_at"`
}

const selectFollower = "SELECT unionid, following, times, since_at, left_at, scene, way, nickname, picture, lang, remark, asked_at " +
	"FROM follower WHERE account = ? AND openid = ?"

// Follower returns what is known of a person, or follower.ErrUnknown.
func (s *Store) Follower(ctx context.Context, account, openid string) (follower.Follower, error) {
	var r followerRow
	err := s.db.Read.GetContext(ctx, &r, selectFollower, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return follower.Follower{}, follower.ErrUnknown
	}
	if err != nil {
		return follower.Follower{}, fmt.Errorf("read a follower: %w", err)
	}
	return follower.Follower{
		Account: account, OpenID: openid, UnionID: r.UnionID, Following: r.Following, Times: r.Times, Since: moment(r.Since), Left: moment(r.Left),
		Scene: r.Scene, Way: r.Way, Nickname: r.Nickname, Picture: r.Picture, Language: r.Language, Remark: r.Remark, Asked: moment(r.Asked),
	}, nil
}

// followerColumns are all columns, in the order of the table.
const followerColumns = "(account, openid, following, times, event_at, since_at, left_at, " +
	"scene, way, unionid, nickname, picture, named_at, lang, remark, asked_at, seen_run)"

// newFollowers inserts so many persons of whom nothing is known yet, and leaves known ones
// alone. Its arguments are account and openid of each.
func (s *Store) newFollowers(rows int) string {
	const row = "(?, ?, 0, 0, 0, 0, 0, '', '', '', '', '', 0, '', '', 0, 0)"
	insert := "INSERT INTO follower " + followerColumns + " VALUES " + row + strings.Repeat(", "+row, rows-1)
	if s.db.Dialect.Engine == sqldb.MySQL { // not INSERT IGNORE, which hides other errors too
		return insert + " ON DUPLICATE KEY UPDATE account = follower.account"
	}
	return insert + " ON CONFLICT DO NOTHING"
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

// clip bounds a text that the platform sent to so many characters, as its column does.
// Otherwise one odd profile would keep a batch from being stored.
func clip(s string, characters int) string {
	s = strings.ToValidUTF8(s, "?")
	if len(s) <= characters {
		return s
	}
	if r := []rune(s); len(r) > characters {
		return string(r[:characters])
	}
	return s
}

// What the columns hold, in characters.
const (
	maxScene   = 128
	maxWay     = 64
	maxUnionID = 64
	maxName    = 255
	maxPicture = 1024
	maxLang    = 32
	maxRemark  = 255
)
