package packetstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/packet"
	"oalab/server/internal/sqldb"
)

// get reads one row of a transaction.
func get(ctx context.Context, t tx, into any, query string, args ...any) error {
	return sqlx.GetContext(ctx, t, into, query, args...)
}

type shareRow struct {
	Position int   `db:"position"`
	Units    int64 `db:"units"`
}

// selectFree locks the first share of a packet that neither is taken nor locked. The packet's
// own row is read and not locked. The hint keeps MySQL off the primary key, along which it
// would walk over all shares that are taken.
func (s *Store) selectFree() string {
	return "SELECT /*+ INDEX(s packet_share_once) */ s.position, s.units FROM packet p JOIN packet_share s ON s.packet_id = p.id " +
		"WHERE p.id = ? AND p.account = ? AND p.sender <> ? AND (p.taker = '' OR p.taker = ?) AND p.ends_at > " + s.Dialect.Now +
		" AND s.openid IS NULL ORDER BY s.position LIMIT 1" + s.Dialect.LockFree("s")
}

func (s *Store) takeShare() string {
	return "UPDATE packet_share SET openid = ?, taken_at = " + s.Dialect.Now + " WHERE packet_id = ? AND position = ? AND openid IS NULL"
}

const (
	// busyTries is how often a grab looks for a share while those that are left are locked, and
	// busyPause how long the first pause between is; each further one is twice as long.
	busyTries = 6
	busyPause = 2 * time.Millisecond
)

// Grab implements packet.Store. A share that another grab holds may be free again when that
// one fails. Therefore a follower who finds all shares locked looks again, and is told that
// the packet is sold out only when every share is taken.
func (s *Store) Grab(ctx context.Context, account, id, openid string) (int64, error) {
	pause := busyPause
	for try := 1; ; try++ {
		units, err := s.claim(ctx, account, id, openid)
		if err == nil || !errors.Is(err, packet.ErrBusy) || try == busyTries {
			return units, err
		}
		timer := time.NewTimer(pause)
		select {
		case <-timer.C:
		case <-ctx.Done():
			timer.Stop()
			return 0, ctx.Err()
		}
		pause *= 2
	}
}

// claim is one try of Grab.
func (s *Store) claim(ctx context.Context, account, id, openid string) (units int64, err error) {
	err = s.update(ctx, "grab a share", func(ctx context.Context, t tx) error {
		var free shareRow
		if err := get(ctx, t, &free, s.selectFree(), id, account, openid, openid); err != nil {
			return err
		}
		units = free.Units
		return s.give(ctx, t, account, id, free, openid, openid)
	})
	if err == nil {
		return units, nil
	}
	// The unique key of packet and openid refuses a second share.
	if errors.Is(err, sql.ErrNoRows) || sqldb.Refused(err) {
		return s.whyNot(ctx, account, id, openid, err)
	}
	return 0, err
}

// give gives a share to a follower. holder is what the share's row names as the one who has it.
func (s *Store) give(ctx context.Context, t tx, account, id string, free shareRow, holder, openid string) error {
	n, err := change(ctx, t, s.takeShare(), holder, id, free.Position)
	if err != nil {
		return err
	}
	if n != 1 {
		return fmt.Errorf("share %d of a packet was taken although it was locked", free.Position)
	}
	return s.credit(ctx, t, account, openid, free.Units)
}

// selectWhyNot reads why a follower got nothing. It counts no shares: a hot packet has many.
func (s *Store) selectWhyNot() string {
	return "SELECT p.sender, p.taker, p.ends_at <= " + s.Dialect.Now + " AS is_over, " +
		"EXISTS (SELECT 1 FROM packet_share f WHERE f.packet_id = p.id AND f.openid IS NULL) AS is_open, " +
		"(SELECT m.units FROM packet_share m WHERE m.packet_id = p.id AND m.openid = ?) AS mine " +
		"FROM packet p WHERE p.id = ? AND p.account = ?"
}

func (s *Store) whyNot(ctx context.Context, account, id, openid string, cause error) (int64, error) {
	var row packetRow
	err := s.Read.GetContext(ctx, &row, s.selectWhyNot(), openid, id, account)
	switch {
	case errors.Is(err, sql.ErrNoRows):
		return 0, packet.ErrNoPacket
	case err != nil:
		return 0, fmt.Errorf("look why a grab got nothing: %w", err)
	case row.Mine.Valid:
		return row.Mine.Int64, packet.ErrGrabbed
	case !errors.Is(cause, sql.ErrNoRows):
		return 0, cause // a refusal that is not that of a second share
	case row.Sender == openid:
		return 0, packet.ErrOwn
	case row.Taker != "" && row.Taker != openid:
		return 0, packet.ErrNotForYou
	case row.Over && row.Open:
		return 0, packet.ErrEnded
	case row.Open:
		return 0, packet.ErrBusy
	case row.Over:
		return 0, s.soldOutOrEnded(ctx, id)
	}
	return 0, packet.ErrSoldOut
}

const selectTakenOf = "SELECT shares, (SELECT COUNT(*) FROM packet_share g WHERE g.packet_id = packet.id AND g.openid IS NOT NULL) AS taken FROM packet WHERE id = ?"

// soldOutOrEnded tells apart packets whose time has passed: one that gave something back
// ended, from the others every share was grabbed.
func (s *Store) soldOutOrEnded(ctx context.Context, id string) error {
	var row packetRow
	if err := s.Read.GetContext(ctx, &row, selectTakenOf, id); err != nil {
		return fmt.Errorf("look how a packet ended: %w", err)
	}
	if row.Taken < row.Shares {
		return packet.ErrEnded
	}
	return packet.ErrSoldOut
}
