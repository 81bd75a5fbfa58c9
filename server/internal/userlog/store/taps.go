package userlogstore

import (
	"context"
	"fmt"
	"time"

	"oalab/server/internal/message"
	"oalab/server/internal/userlog"
)

// selectEvents is read row by row: grouping would have the database sort a month of events.
const selectEvents = "SELECT sent_at, event, event_key FROM user_log WHERE account = ? AND msg_type = ? AND sent_at >= ? AND sent_at < ?"

// Taps counts the taps on menu buttons within a time, by day and button (LOG-4). Days begin
// where they do in the zone of New.
func (s *Store) Taps(ctx context.Context, account string, from, to time.Time) (map[userlog.Tap]int, error) {
	rows, err := s.db.Read.QueryxContext(ctx, selectEvents, account, "event", from.Unix(), to.Unix())
	if err != nil {
		return nil, fmt.Errorf("count taps in the user log: %w", err)
	}
	defer rows.Close()
	counts := make(map[userlog.Tap]int)
	for rows.Next() {
		var r struct {
			SentAt   int64  `db:"sent_at"`
			Event    string `db:"event"`
			EventKey string `db:"event_key"`
		}
		if err := rows.StructScan(&r); err != nil {
			return nil, fmt.Errorf("count taps in the user log: %w", err)
		}
		if !userlog.IsTap(r.Event) {
			continue
		}
		counts[userlog.Tap{Day: message.Day(time.Unix(r.SentAt, 0), s.zone), Event: r.Event, Key: r.EventKey}]++
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("count taps in the user log: %w", err)
	}
	return counts, nil
}
