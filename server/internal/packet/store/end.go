package packetstore

import (
	"context"
	"fmt"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/packet"
)

func (s *Store) selectDue() string {
	return "SELECT id FROM packet WHERE ended_at = 0 AND ends_at <= " + s.Dialect.Now + " ORDER BY ends_at LIMIT ?"
}

// Due implements packet.Store.
func (s *Store) Due(ctx context.Context, limit int) (ids []string, err error) {
	if err := s.Read.SelectContext(ctx, &ids, s.selectDue(), limit); err != nil {
		return nil, fmt.Errorf("look for packets whose time has passed: %w", err)
	}
	return ids, nil
}

func (s *Store) endPacket() string {
	return "UPDATE packet SET ended_at = " + s.Dialect.Now + " WHERE id = ? AND ended_at = 0 AND ends_at <= " + s.Dialect.Now
}

const (
	selectSender = "SELECT account, sender FROM packet WHERE id = ?"
	deleteFree   = "DELETE /*+ INDEX(packet_share packet_share_once) */ FROM packet_share WHERE packet_id = ? AND openid IS NULL"
)

// selectRest locks the shares without a taker. It waits for the grabs that hold some: what
// these take is no rest any more.
func (s *Store) selectRest() string {
	return "SELECT /*+ INDEX(s packet_share_once) */ s.units FROM packet_share s WHERE s.packet_id = ? AND s.openid IS NULL" + s.Dialect.Lock()
}

// Return implements packet.Store. The row of the packet says that it is the first; a share goes to
// the grab that locked it before, or to the sender.
func (s *Store) Return(ctx context.Context, id string) (r packet.Returned, err error) {
	err = s.update(ctx, "return a packet", func(ctx context.Context, t tx) error {
		r = packet.Returned{}
		if n, err := change(ctx, t, s.endPacket(), id); err != nil || n == 0 {
			return err
		}
		var of struct {
			Account string `db:"account"`
			Sender  string `db:"sender"`
		}
		if err := get(ctx, t, &of, selectSender, id); err != nil {
			return err
		}
		var rest []int64
		if err := sqlx.SelectContext(ctx, t, &rest, s.selectRest(), id); err != nil {
			return err
		}
		r = packet.Returned{First: true, Account: of.Account, Sender: of.Sender, Shares: len(rest)}
		for _, units := range rest {
			r.Units += units
		}
		if len(rest) == 0 {
			return nil
		}
		if n, err := change(ctx, t, deleteFree, id); err != nil || n != int64(len(rest)) {
			return fmt.Errorf("end %d shares that were locked, met %d: %w", len(rest), n, err)
		}
		return s.giveBack(ctx, t, r, id, "return:"+id)
	})
	if err != nil {
		return packet.Returned{}, err
	}
	return r, nil
}

// giveBack moves the rest of a packet to its sender.
func (s *Store) giveBack(ctx context.Context, t tx, r packet.Returned, id, serial string) error {
	if r.Units == 0 {
		return nil // shares of 0 units
	}
	first, err := s.move(ctx, t, movement{
		account: r.Account, openid: r.Sender, serial: serial, out: packet.BookPacket, in: packet.BookBalance, units: r.Units, packet: id,
	})
	if err == nil && !first {
		err = fmt.Errorf("a packet that was not ended has the movement %s", serial)
	}
	if err != nil {
		return err
	}
	return s.credit(ctx, t, r.Account, r.Sender, r.Units)
}
