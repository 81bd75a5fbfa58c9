package packetstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"oalab/server/internal/packet"
)

// sharesAtOnce is how many shares one statement stores.
const sharesAtOnce = 500

// Send implements packet.Store. The packet's row comes first: of two requests with one serial
// the second waits for the first, and finds it.
func (s *Store) Send(ctx context.Context, p packet.Packet) (sent packet.Stored, err error) {
	units := p.Units()
	err = s.update(ctx, "send a packet", func(ctx context.Context, t tx) error {
		added, err := change(ctx, t, s.insertPacket(), p.ID, p.Account, p.Sender, p.Serial, p.Split, units, len(p.Shares), p.Taker, p.Wish, 0, p.Life.Milliseconds())
		if err != nil {
			return err
		}
		sent, err = s.sentBefore(ctx, t, p)
		if err != nil || added == 0 {
			return err
		}
		if err := debit(ctx, t, p.Account, p.Sender, units); err != nil {
			return err
		}
		if err := s.insertShares(ctx, t, p); err != nil {
			return err
		}
		_, err = s.move(ctx, t, movement{
			account: p.Account, openid: p.Sender, serial: "send:" + p.Serial,
			out: packet.BookBalance, in: packet.BookPacket, units: units, packet: p.ID,
		})
		return err
	})
	if err != nil {
		return packet.Stored{}, err
	}
	return sent, nil
}

func (s *Store) insertPacket() string {
	insert := s.Dialect.InsertNew("packet", "id",
		"id", "account", "sender", "serial", "split", "units", "shares", "taker", "wish", "ended_at", "created_at", "ends_at")
	return strings.Replace(insert, ", ?, ?)", ", "+s.Dialect.Now+", "+s.Dialect.Now+" + ?)", 1)
}

func (s *Store) insertShares(ctx context.Context, t tx, p packet.Packet) error {
	for from := 0; from < len(p.Shares); from += sharesAtOnce {
		part := p.Shares[from:min(from+sharesAtOnce, len(p.Shares))]
		args := make([]any, 0, 6*len(part))
		for i, units := range part {
			args = append(args, p.ID, from+i, p.Account, nil, units, 0)
		}
		insert := s.Dialect.InsertRows(len(part), "packet_share", "packet_id", "position", "account", "openid", "units", "taken_at")
		if _, err := t.ExecContext(ctx, insert, args...); err != nil {
			return err
		}
	}
	return nil
}

type packetRow struct {
	ID      string        `db:"id"`
	Sender  string        `db:"sender"`
	Split   string        `db:"split"`
	Units   int64         `db:"units"`
	Shares  int           `db:"shares"`
	Taker   string        `db:"taker"`
	Wish    string        `db:"wish"`
	Created int64         `db:"created_at"`
	Ends    int64         `db:"ends_at"`
	Over    bool          `db:"is_over"`
	Open    bool          `db:"is_open"`
	Taken   int           `db:"taken"`
	Mine    sql.NullInt64 `db:"mine"`
}

func (r packetRow) stored() packet.Stored {
	return packet.Stored{
		ID: r.ID, Sender: r.Sender, Split: r.Split, Taker: r.Taker, Wish: r.Wish, Units: r.Units, Shares: r.Shares, Taken: r.Taken,
		Began: time.UnixMilli(r.Created), Ends: time.UnixMilli(r.Ends), Over: r.Over, Has: r.Mine.Valid, Mine: r.Mine.Int64,
	}
}

const selectSent = "SELECT id, sender, split, units, shares, taker, wish, created_at, ends_at FROM packet WHERE account = ? AND sender = ? AND serial = ?"

// sentBefore is the packet that has the serial of p: p itself, or the one that p repeats.
func (s *Store) sentBefore(ctx context.Context, t tx, p packet.Packet) (packet.Stored, error) {
	var row packetRow
	if err := get(ctx, t, &row, selectSent, p.Account, p.Sender, p.Serial); err != nil {
		return packet.Stored{}, err
	}
	// The amounts of the shares follow from a seed that is another one in each request.
	if row.Split != p.Split || row.Units != p.Units() || row.Shares != len(p.Shares) || row.Taker != p.Taker || row.Wish != p.Wish {
		return packet.Stored{}, packet.ErrSerialUsed
	}
	return row.stored(), nil
}

// selectLook reads a packet as a follower sees it.
func (s *Store) selectLook() string {
	return "SELECT p.id, p.sender, p.split, p.units, p.shares, p.taker, p.wish, p.created_at, p.ends_at, p.ends_at <= " + s.Dialect.Now + " AS is_over, " +
		"(SELECT COUNT(*) FROM packet_share g WHERE g.packet_id = p.id AND g.openid IS NOT NULL) AS taken, " +
		"(SELECT m.units FROM packet_share m WHERE m.packet_id = p.id AND m.openid = ?) AS mine " +
		"FROM packet p WHERE p.id = ? AND p.account = ?"
}

// Look implements packet.Store.
func (s *Store) Look(ctx context.Context, account, id, openid string) (packet.Stored, error) {
	var row packetRow
	err := s.Read.GetContext(ctx, &row, s.selectLook(), openid, id, account)
	if errors.Is(err, sql.ErrNoRows) {
		return packet.Stored{}, packet.ErrNoPacket
	}
	if err != nil {
		return packet.Stored{}, fmt.Errorf("look at a packet: %w", err)
	}
	return row.stored(), nil
}
