// Package topupstore keeps the top-ups and their books in the group core of the database (BIZ-8). A
// change of a top-up names the states that it may come from, and its movement is written in the
// same transaction, under a key that lets the money leave a book once.
package topupstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/topup"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the top-ups.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_topup_version", Files: files}
}

// Store keeps the books in an open database. It is safe for concurrent use, and by several
// processes at once.
type Store struct{ db *sqldb.DB }

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{db: db} }

// The books.
const (
	bookPayer    = "payer"
	bookOpen     = "open"
	bookDone     = "done"
	bookRefunded = "refunded"
)

const columns = "serial, account, openid, phone, request_key, fen, state, transaction_id, tries, created_at, expires_at, next_at"

type row struct {
	Serial      string `db:"serial"`
	Account     string `db:"account"`
	OpenID      string `db:"openid"`
	Phone       string `db:"phone"`
	Key         string `db:"request_key"`
	Fen         int64  `db:"fen"`
	State       string `db:"state"`
	Transaction string `db:"transaction_id"`
	Tries       int    `db:"tries"`
	Created     int64  `db:"created_at"`
	Expires     int64  `db:"expires_at"`
	Next        int64  `db:"next_at"`
}

func (r row) topUp() topup.TopUp {
	t := topup.TopUp{
		Serial: r.Serial, Account: r.Account, OpenID: r.OpenID, Phone: r.Phone, Key: r.Key, Fen: r.Fen, State: topup.State(r.State),
		Transaction: r.Transaction, Tries: r.Tries, Created: time.UnixMilli(r.Created), Expires: time.UnixMilli(r.Expires),
	}
	if r.Next > 0 {
		t.Next = time.UnixMilli(r.Next)
	}
	return t
}

const (
	selectOne     = "SELECT " + columns + " FROM topup WHERE serial = ?"
	selectRequest = "SELECT " + columns + " FROM topup WHERE account = ? AND openid = ? AND request_key = ?"
	selectOwn     = "SELECT " + columns + " FROM topup WHERE openid = ? AND account = ? ORDER BY created_at DESC LIMIT ?"
	selectBooks   = "SELECT money_in, done, refunded, still_open, missing FROM topup_books"
)

func get(ctx context.Context, q sqlx.QueryerContext, query string, key ...any) (topup.TopUp, error) {
	var r row
	err := sqlx.GetContext(ctx, q, &r, query, key...)
	if errors.Is(err, sql.ErrNoRows) {
		return topup.TopUp{}, topup.ErrNoTopUp
	}
	if err != nil {
		return topup.TopUp{}, fmt.Errorf("read a top-up: %w", err)
	}
	return r.topUp(), nil
}

// Load implements topup.Store.
func (s *Store) Load(ctx context.Context, account, serial string) (topup.TopUp, error) {
	t, err := get(ctx, s.db.Read, selectOne, serial)
	if err == nil && t.Account != account {
		return topup.TopUp{}, topup.ErrNoTopUp
	}
	return t, err
}

// Of implements topup.Store.
func (s *Store) Of(ctx context.Context, account, openid string, limit int) ([]topup.TopUp, error) {
	return s.list(ctx, selectOwn, openid, account, limit)
}

func (s *Store) list(ctx context.Context, query string, args ...any) ([]topup.TopUp, error) {
	var rows []row
	if err := s.db.Read.SelectContext(ctx, &rows, query, args...); err != nil {
		return nil, fmt.Errorf("read top-ups: %w", err)
	}
	list := make([]topup.TopUp, 0, len(rows))
	for _, r := range rows {
		list = append(list, r.topUp())
	}
	return list, nil
}

// Books reads the sums of all books. It walks the tables.
func (s *Store) Books(ctx context.Context) (b topup.Books, err error) {
	if err := s.db.Read.GetContext(ctx, &b, selectBooks); err != nil {
		return b, fmt.Errorf("read the books of the top-ups: %w", err)
	}
	return b, nil
}
