package packetstore

import (
	"context"
	"fmt"
	"time"

	"oalab/server/internal/packet"
)

const selectRedemption = "SELECT units FROM packet_redemption WHERE account = ? AND openid = ? AND serial = ?"

func (s *Store) insertRedemption() string {
	return s.Dialect.Stamped(s.Dialect.InsertNew("packet_redemption", "serial", "account", "openid", "serial", "units", "ended_at", "look_at"))
}

// Redeem implements packet.Store. The redemption's row comes first: of two requests with one serial
// the second waits for the first, and finds it.
func (s *Store) Redeem(ctx context.Context, r packet.Redemption) error {
	return s.update(ctx, "redeem units", func(ctx context.Context, t tx) error {
		added, err := change(ctx, t, s.insertRedemption(), r.Account, r.OpenID, r.Serial, r.Units, 0)
		if err != nil {
			return err
		}
		if added == 0 {
			var before int64
			err := get(ctx, t, &before, selectRedemption, r.Account, r.OpenID, r.Serial)
			if err == nil && before != r.Units {
				err = packet.ErrSerialUsed
			}
			return err
		}
		if err := debit(ctx, t, r.Account, r.OpenID, r.Units); err != nil {
			return err
		}
		return s.moveOnce(ctx, t, r, "redeem:", packet.BookBalance, packet.BookRedeeming)
	})
}

// moveOnce stores a movement that the redemption cannot have yet.
func (s *Store) moveOnce(ctx context.Context, t tx, r packet.Redemption, step string, out, in packet.Book) error {
	first, err := s.move(ctx, t, movement{account: r.Account, openid: r.OpenID, serial: step + r.Serial, out: out, in: in, units: r.Units})
	if err == nil && !first {
		err = fmt.Errorf("redemption %s has the movement %s already", r.Serial, step)
	}
	return err
}

func (s *Store) selectRedeeming() string {
	return "SELECT account, openid, serial, units FROM packet_redemption WHERE ended_at = 0 AND look_at <= " + s.Dialect.Now + " ORDER BY look_at LIMIT ?"
}

// Redeeming implements packet.Redeeming.
func (s *Store) Redeeming(ctx context.Context, limit int) (all []packet.Redemption, err error) {
	var rows []struct {
		Account string `db:"account"`
		OpenID  string `db:"openid"`
		Serial  string `db:"serial"`
		Units   int64  `db:"units"`
	}
	if err := s.Read.SelectContext(ctx, &rows, s.selectRedeeming(), limit); err != nil {
		return nil, fmt.Errorf("look for data on its way to phones: %w", err)
	}
	for _, r := range rows {
		all = append(all, packet.Redemption(r))
	}
	return all, nil
}

func (s *Store) endRedemption() string {
	return "UPDATE packet_redemption SET ended_at = " + s.Dialect.Now + " WHERE account = ? AND openid = ? AND serial = ? AND ended_at = 0"
}

// Settle implements packet.Redeeming. The row of the redemption says that it is the first.
func (s *Store) Settle(ctx context.Context, r packet.Redemption, done bool) (first bool, err error) {
	err = s.update(ctx, "settle a redemption", func(ctx context.Context, t tx) error {
		n, err := change(ctx, t, s.endRedemption(), r.Account, r.OpenID, r.Serial)
		if first = n > 0; err != nil || !first {
			return err
		}
		if err := get(ctx, t, &r.Units, selectRedemption, r.Account, r.OpenID, r.Serial); err != nil {
			return err
		}
		if done {
			return s.moveOnce(ctx, t, r, "redeemed:", packet.BookRedeeming, packet.BookRedeemed)
		}
		if err := s.moveOnce(ctx, t, r, "refused:", packet.BookRedeeming, packet.BookBalance); err != nil {
			return err
		}
		return s.credit(ctx, t, r.Account, r.OpenID, r.Units)
	})
	return first && err == nil, err
}

func (s *Store) laterRedemption() string {
	return "UPDATE packet_redemption SET look_at = " + s.Dialect.Now + " + ? WHERE account = ? AND openid = ? AND serial = ? AND ended_at = 0"
}

// Later implements packet.Redeeming.
func (s *Store) Later(ctx context.Context, r packet.Redemption, pause time.Duration) error {
	return s.update(ctx, "put a redemption off", func(ctx context.Context, t tx) error {
		_, err := change(ctx, t, s.laterRedemption(), pause.Milliseconds(), r.Account, r.OpenID, r.Serial)
		return err
	})
}
