package businessstore

import (
	"context"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/sqldb"
)

const (
	selectOldOrders = "SELECT serial, created_at FROM orders WHERE settled = 1 AND progress_at < ? ORDER BY progress_at LIMIT ?"
	archiveColumns  = orderColumns + ", progress_at"
	selectToArchive = "SELECT ?, " + archiveColumns + " FROM orders WHERE serial IN (?) AND settled = 1"
	deleteOrders    = "DELETE /*+ INDEX(orders PRIMARY) */ FROM orders WHERE serial IN (?) AND settled = 1"
)

// OldOrders returns what moves the next batch of the told orders that had their end before a
// time to the archive, whose months begin where they do in the zone; nil means UTC. It tells
// how many it moved, and whether there may be more.
func (s *Store) OldOrders(before time.Time, zone *time.Location) func(context.Context) (rows int, more bool, err error) {
	if zone == nil {
		zone = time.UTC
	}
	return func(ctx context.Context) (int, bool, error) {
		var rows []struct {
			Serial  string `db:"serial"`
			Created int64  `db:"created_at"`
		}
		if err := s.db.Read.SelectContext(ctx, &rows, selectOldOrders, before.UnixMilli(), sqldb.OldRows); err != nil {
			return 0, false, fmt.Errorf("find old orders: %w", err)
		}
		months := make(map[int][]string)
		for _, r := range rows {
			at := time.UnixMilli(r.Created).In(zone)
			month := at.Year()*100 + int(at.Month())
			months[month] = append(months[month], r.Serial)
		}
		moved := 0
		err := s.db.Update(ctx, "archive orders", func(ctx context.Context, tx *sqlx.Tx) error {
			moved = 0
			for month, serials := range months {
				n, err := archive(ctx, tx, month, serials)
				if err != nil {
					return err
				}
				moved += n
			}
			return nil
		})
		return moved, len(rows) == sqldb.OldRows, err
	}
}

// archive moves orders of one month.
func archive(ctx context.Context, tx *sqlx.Tx, month int, serials []string) (int, error) {
	insert, args, err := sqlx.In("INSERT INTO order_archive (month, "+archiveColumns+") "+selectToArchive, month, serials)
	if err != nil {
		return 0, err
	}
	if _, err := tx.ExecContext(ctx, insert, args...); err != nil {
		return 0, err
	}
	remove, args, err := sqlx.In(deleteOrders, serials)
	if err != nil {
		return 0, err
	}
	res, err := tx.ExecContext(ctx, remove, args...)
	if err != nil {
		return 0, err
	}
	n, err := res.RowsAffected()
	return int(n), err
}
