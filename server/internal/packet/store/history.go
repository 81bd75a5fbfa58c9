package packetstore

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"oalab/server/internal/packet"
)

const (
	selectMovements = "SELECT serial, out_of, into_book, units, packet_id, moved_at FROM packet_movement " +
		"WHERE account = ? AND openid = ? AND moved_at < ? ORDER BY moved_at DESC LIMIT ?"
	selectGrabs = "SELECT packet_id, units, taken_at AS moved_at FROM packet_share " +
		"WHERE account = ? AND openid = ? AND taken_at < ? ORDER BY taken_at DESC LIMIT ?"
)

type movementRow struct {
	Serial string `db:"serial"`
	Out    string `db:"out_of"`
	Into   string `db:"into_book"`
	Units  int64  `db:"units"`
	Packet string `db:"packet_id"`
	Moved  int64  `db:"moved_at"`
}

// History implements packet.Store. A page may be shorter than limit: the last millisecond of a
// page is left to the next one where it did not fit, unless it is all that the page has.
func (s *Store) History(ctx context.Context, account, openid string, before time.Time, limit int) ([]packet.Movement, error) {
	snapshot, err := s.Snapshot(ctx)
	if err != nil {
		return nil, fmt.Errorf("read a history: %w", err)
	}
	defer snapshot.Rollback() //nolint:errcheck // it only read
	var moved, grabbed []movementRow
	if err := snapshot.SelectContext(ctx, &moved, selectMovements, account, openid, before.UnixMilli(), limit+1); err != nil {
		return nil, fmt.Errorf("read movements: %w", err)
	}
	if err := snapshot.SelectContext(ctx, &grabbed, selectGrabs, account, openid, before.UnixMilli(), limit+1); err != nil {
		return nil, fmt.Errorf("read grabs: %w", err)
	}
	for i := range grabbed {
		grabbed[i].Out, grabbed[i].Into = string(packet.BookPacket), string(packet.BookBalance)
	}
	rows := slices.Concat(moved, grabbed)
	slices.SortStableFunc(rows, func(a, b movementRow) int { return cmp.Compare(b.Moved, a.Moved) })
	out := make([]packet.Movement, 0, limit)
	for _, r := range cut(rows, limit) {
		out = append(out, packet.Movement{
			Serial: r.Serial, Out: packet.Book(r.Out), In: packet.Book(r.Into), Units: r.Units, Packet: r.Packet, At: time.UnixMilli(r.Moved),
		})
	}
	return out, nil
}

// cut keeps the first rows, up to limit, and with them no part of a millisecond alone.
func cut(rows []movementRow, limit int) []movementRow {
	if len(rows) <= limit {
		return rows
	}
	end := limit
	for end > 0 && rows[end-1].Moved == rows[limit].Moved {
		end--
	}
	if end == 0 {
		return rows[:limit]
	}
	return rows[:end]
}
