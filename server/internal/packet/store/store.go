// Package packetstore keeps the books of the red packets in the group core of the database:
// balances, packets with their shares, and the movements between the books (CAM-2, CAM-4 to CAM-6).
//
// A grab locks one share and the balance of its follower, and nothing that followers have in
// common: one that another grab holds is skipped, and a packet has no stored rest.
package packetstore

import (
	"context"
	"database/sql"
	"embed"
	"errors"
	"fmt"
	"io/fs"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/packet"
	"oalab/server/internal/sqldb"
)

//go:embed migration/sqlite/*.sql migration/mysql/*.sql
var migrations embed.FS

// Migrations are those of the red packets.
func Migrations() sqldb.Migrations {
	files, err := fs.Sub(migrations, "migration")
	if err != nil {
		panic(err) // the path is no path
	}
	return sqldb.Migrations{Table: "goose_packet_version", Files: files}
}

// Store keeps the books in an open database. It is safe for concurrent use, and by several
// processes at once.
type Store struct {
	*sqldb.DB
	// steps stands between the works and their transaction in tests; nil for nothing.
	steps func(tx) tx
}

// New makes the store.
func New(db *sqldb.DB) *Store { return &Store{DB: db} }

// tx is what the works need of a transaction.
type tx interface {
	sqlx.ExecerContext
	sqlx.QueryerContext
}

// update is sqldb.DB.Update.
func (s *Store) update(ctx context.Context, what string, work func(ctx context.Context, t tx) error) error {
	return s.Update(ctx, what, func(ctx context.Context, real *sqlx.Tx) error {
		if s.steps != nil {
			return work(ctx, s.steps(real))
		}
		return work(ctx, real)
	})
}

// change runs a statement and returns how many rows it met.
func change(ctx context.Context, t tx, query string, args ...any) (int64, error) {
	result, err := t.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return result.RowsAffected()
}

// movement is a row of packet_movement. Its time is the database's.
type movement struct {
	account, openid, serial string
	out, in                 packet.Book
	units                   int64
	packet                  string
}

// move stores a movement; new is false when the follower has one with this serial.
func (s *Store) move(ctx context.Context, t tx, m movement) (added bool, err error) {
	n, err := change(ctx, t, s.insertMovement(), m.account, m.openid, m.serial, string(m.out), string(m.in), m.units, m.packet)
	return n > 0, err
}

func (s *Store) insertMovement() string {
	return s.Dialect.Stamped(s.Dialect.InsertNew("packet_movement", "serial",
		"account", "openid", "serial", "out_of", "into_book", "units", "packet_id", "moved_at"))
}

// credit adds units to a balance, which is made when there is none.
func (s *Store) credit(ctx context.Context, t tx, account, openid string, units int64) error {
	_, err := t.ExecContext(ctx, s.addUnits(), account, openid, units)
	return err
}

func (s *Store) addUnits() string {
	insert := s.Dialect.Insert("packet_balance", "account", "openid", "units")
	if s.Dialect.Engine == sqldb.MySQL {
		return insert + " AS fresh ON DUPLICATE KEY UPDATE units = packet_balance.units + fresh.units"
	}
	return insert + " ON CONFLICT (account, openid) DO UPDATE SET units = packet_balance.units + excluded.units"
}

const takeUnits = "UPDATE packet_balance SET units = units - ? WHERE account = ? AND openid = ? AND units >= ?"

// debit takes units out of a balance, or returns packet.ErrPoor.
func debit(ctx context.Context, t tx, account, openid string, units int64) error {
	n, err := change(ctx, t, takeUnits, units, account, openid, units)
	if err == nil && n == 0 {
		err = packet.ErrPoor
	}
	return err
}

// Issue implements packet.Store.
func (s *Store) Issue(ctx context.Context, account, openid, serial string, units int64) error {
	return s.update(ctx, "issue units", func(ctx context.Context, t tx) error {
		first, err := s.move(ctx, t, movement{account: account, openid: openid, serial: serial, out: packet.BookIssued, in: packet.BookBalance, units: units})
		if err == nil && !first {
			err = packet.ErrRepeated
		}
		if err != nil {
			return err
		}
		return s.credit(ctx, t, account, openid, units)
	})
}

const selectBalance = "SELECT units FROM packet_balance WHERE account = ? AND openid = ?"

// Balance implements packet.Store.
func (s *Store) Balance(ctx context.Context, account, openid string) (units int64, err error) {
	err = s.Read.GetContext(ctx, &units, selectBalance, account, openid)
	if errors.Is(err, sql.ErrNoRows) {
		return 0, nil
	}
	if err != nil {
		return 0, fmt.Errorf("read a balance: %w", err)
	}
	return units, nil
}

const selectBooks = "SELECT issued, balances, packets, redeeming, redeemed, missing FROM packet_books"

// Books reads the sums of all books. It walks the tables.
func (s *Store) Books(ctx context.Context) (b packet.Books, err error) {
	if err := s.Read.GetContext(ctx, &b, selectBooks); err != nil {
		return b, fmt.Errorf("read the books of the red packets: %w", err)
	}
	return b, nil
}
