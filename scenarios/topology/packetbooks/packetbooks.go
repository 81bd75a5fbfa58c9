// Package packetbooks owns how the harness reads the books of the red packets in the server's
// database: the sums in one snapshot while a load lasts, and all rows in the end (SCN-15). It
// shares nothing with the server but the names of tables and views, which operators read too.
package packetbooks

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"
	_ "modernc.org/sqlite" // the driver of the embedded topology

	"oalab/scenarios/history"
)

// Books are those of one database. They are safe for concurrent use.
type Books struct {
	host string
	db   *sql.DB
}

// busy is how long a reader of SQLite waits for a writer.
const busy = "5000"

// SQLite makes a client of a database file that servers have open. It only reads.
func SQLite(host, path string) (*Books, error) {
	db, err := sql.Open("sqlite", "file:"+path+"?mode=ro&_pragma=busy_timeout("+busy+")")
	if err != nil {
		return nil, fmt.Errorf("open the books of %s: %w", host, err)
	}
	return &Books{host, db}, nil
}

// MySQL makes a client of a MySQL at an address. It connects to nothing yet.
func MySQL(host, addr, user, database string, timeout time.Duration) (*Books, error) {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.Net, c.Addr, c.DBName = user, user, "tcp", addr, database
	c.Timeout, c.ReadTimeout = timeout, timeout
	connector, err := mysql.NewConnector(c)
	if err != nil {
		return nil, fmt.Errorf("open the books of %s: %w", host, err)
	}
	return &Books{host, sql.OpenDB(connector)}, nil
}

// Close ends the connections.
func (b *Books) Close() error { return b.db.Close() }

// Host is where the database is.
func (b *Books) Host() string { return b.host }

// Sums reads the sums of all books in one statement, by the names of history.BooksSeries.
func (b *Books) Sums(ctx context.Context) (map[string]int64, error) {
	names := history.BooksSeries()
	values, into := make([]int64, len(names)), make([]any, len(names))
	for i := range values {
		into[i] = &values[i]
	}
	if err := b.db.QueryRowContext(ctx, "SELECT "+strings.Join(names, ", ")+" FROM packet_books").Scan(into...); err != nil {
		return nil, fmt.Errorf("read the books of %s: %w", b.host, err)
	}
	sums := map[string]int64{}
	for i, name := range names {
		sums[name] = values[i]
	}
	return sums, nil
}

// Open counts the packets that have not ended.
func (b *Books) Open(ctx context.Context) (n int, err error) {
	if err = b.db.QueryRowContext(ctx, "SELECT COUNT(*) FROM packet WHERE ended_at = 0").Scan(&n); err != nil {
		err = fmt.Errorf("count the open packets of %s: %w", b.host, err)
	}
	return n, err
}

// Rows reads all packets and balances, in one snapshot.
func (b *Books) Rows(ctx context.Context) (packets []history.PacketRow, balances []history.BalanceRow, err error) {
	tx, err := b.db.BeginTx(ctx, &sql.TxOptions{ReadOnly: true, Isolation: b.isolation()})
	if err != nil {
		return nil, nil, fmt.Errorf("read the rows of %s: %w", b.host, err)
	}
	defer tx.Rollback() //nolint:errcheck // it only read
	if packets, err = b.packets(ctx, tx); err == nil {
		balances, err = b.balances(ctx, tx)
	}
	if err != nil {
		return nil, nil, fmt.Errorf("read the rows of %s: %w", b.host, err)
	}
	return packets, balances, nil
}

// isolation keeps a snapshot. SQLite knows no other.
func (b *Books) isolation() sql.IsolationLevel {
	if _, ok := b.db.Driver().(*mysql.MySQLDriver); ok {
		return sql.LevelRepeatableRead
	}
	return sql.LevelDefault
}

func (b *Books) packets(ctx context.Context, tx *sql.Tx) ([]history.PacketRow, error) {
	var out []history.PacketRow
	at := map[string]int{}
	err := each(ctx, tx, "SELECT id, sender, serial, split, units, shares, ended_at <> 0 FROM packet ORDER BY id", func(scan func(...any) error) error {
		p := history.PacketRow{Host: b.host}
		err := scan(&p.ID, &p.Sender, &p.Serial, &p.Split, &p.Units, &p.Count, &p.Ended)
		at[p.ID] = len(out)
		out = append(out, p)
		return err
	})
	of := func(id string, do func(*history.PacketRow)) error {
		i, ok := at[id]
		if !ok {
			return fmt.Errorf("a row belongs to packet %s, which is not there", id)
		}
		do(&out[i])
		return nil
	}
	return out, errors.Join(err,
		each(ctx, tx, "SELECT packet_id, position, units, openid FROM packet_share ORDER BY packet_id, position", func(scan func(...any) error) error {
			var id string
			var s history.ShareRow
			var who sql.NullString
			if err := scan(&id, &s.Position, &s.Units, &who); err != nil {
				return err
			}
			s.OpenID = who.String
			return of(id, func(p *history.PacketRow) { p.Shares = append(p.Shares, s) })
		}),
		each(ctx, tx, "SELECT packet_id, COUNT(*), SUM(units) FROM packet_movement WHERE out_of = 'packet' GROUP BY packet_id", func(scan func(...any) error) error {
			var id string
			var n int
			var units int64
			if err := scan(&id, &n, &units); err != nil {
				return err
			}
			return of(id, func(p *history.PacketRow) { p.Returns, p.Returned = n, units })
		}))
}

// moved sums up what went through the balances, by the books at the other end. Grabs are rows of
// the shares.
const moved = "SELECT openid, " +
	"SUM(CASE WHEN out_of = 'issued' THEN units ELSE 0 END), SUM(CASE WHEN into_book = 'packet' THEN units ELSE 0 END), " +
	"SUM(CASE WHEN out_of = 'packet' THEN units ELSE 0 END), SUM(CASE WHEN out_of = 'balance' AND into_book <> 'packet' THEN units ELSE 0 END) " +
	"FROM packet_movement GROUP BY openid"

func (b *Books) balances(ctx context.Context, tx *sql.Tx) ([]history.BalanceRow, error) {
	rows := map[string]*history.BalanceRow{}
	of := func(openID string) *history.BalanceRow {
		if rows[openID] == nil {
			rows[openID] = &history.BalanceRow{Host: b.host, OpenID: openID}
		}
		return rows[openID]
	}
	err := errors.Join(
		each(ctx, tx, "SELECT openid, units FROM packet_balance", func(scan func(...any) error) error {
			var r history.BalanceRow
			err := scan(&r.OpenID, &r.Units)
			of(r.OpenID).Units = r.Units
			return err
		}),
		each(ctx, tx, moved, func(scan func(...any) error) error {
			var r history.BalanceRow
			err := scan(&r.OpenID, &r.Issued, &r.Sent, &r.Returned, &r.Redeemed)
			to := of(r.OpenID)
			to.Issued, to.Sent, to.Returned, to.Redeemed = r.Issued, r.Sent, r.Returned, r.Redeemed
			return err
		}))
	out := make([]history.BalanceRow, 0, len(rows))
	for _, r := range rows {
		out = append(out, *r)
	}
	slices.SortFunc(out, func(x, y history.BalanceRow) int { return cmp.Compare(x.OpenID, y.OpenID) })
	return out, err
}

// each reads the rows of a query, one after the other.
func each(ctx context.Context, tx *sql.Tx, query string, row func(scan func(...any) error) error) (err error) {
	rows, err := tx.QueryContext(ctx, query)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, rows.Close()) }()
	for rows.Next() {
		if err := row(rows.Scan); err != nil {
			return err
		}
	}
	return rows.Err()
}
