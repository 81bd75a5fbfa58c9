package businessstore

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/sqldb"
)

const (
	selectStale = "SELECT " + orderColumns + " FROM orders WHERE settled = 0 AND progress_at < ? ORDER BY progress_at LIMIT ?"
	stillStale  = " AND settled = 0 AND progress_at < ?"
)

// StaleOrders returns orders that are unfinished or untold and had their last progress
// before the given time of the database, the oldest first.
func (s *Store) StaleOrders(ctx context.Context, before time.Time, limit int) ([]business.Order, error) {
	var rows []orderRow
	if err := s.db.Read.SelectContext(ctx, &rows, selectStale, before.UnixMilli(), limit); err != nil {
		return nil, fmt.Errorf("read stale orders: %w", err)
	}
	orders := make([]business.Order, 0, len(rows))
	for _, r := range rows {
		orders = append(orders, r.order())
	}
	return orders, nil
}

// RequeueOrders counts as progress of the orders and stores their jobs; a job that still
// waits is not stored twice.
func (s *Store) RequeueOrders(ctx context.Context, serials []string, jobs []job.Envelope) error {
	if len(serials) == 0 {
		return nil
	}
	var stored []job.Envelope
	err := s.db.Update(ctx, "requeue orders", func(ctx context.Context, tx *sqlx.Tx) (err error) {
		stored, err = s.requeue(ctx, tx, serials, jobs)
		return err
	})
	if err == nil {
		s.db.Announce(stored)
	}
	return err
}

// SweepOrders is RequeueOrders for those of the orders that still had no progress since the
// given time: another server's sweep may have had them meanwhile. jobs[i] is the job of
// serials[i]. It returns how many jobs were stored.
func (s *Store) SweepOrders(ctx context.Context, before time.Time, serials []string, jobs []job.Envelope) (int, error) {
	take := s.touchOrder() + stillStale
	var stored []job.Envelope
	err := s.db.Update(ctx, "sweep orders", func(ctx context.Context, tx *sqlx.Tx) error {
		var mine []job.Envelope
		for i, serial := range serials {
			switch err := sqldb.Change(ctx, tx, business.ErrStale, take, serial, before.UnixMilli()); {
			case err == nil:
				mine = append(mine, jobs[i])
			case !errors.Is(err, business.ErrStale):
				return err
			}
		}
		var err error
		stored, err = s.db.InsertJobs(ctx, tx, mine)
		return err
	})
	if err != nil {
		return 0, err
	}
	s.db.Announce(stored)
	n := 0
	for _, env := range stored {
		if env.ID != 0 {
			n++
		}
	}
	return n, nil
}

func (s *Store) touchOrder() string {
	return "UPDATE orders SET progress_at = " + s.db.Dialect.Now + " WHERE serial = ?"
}

func (s *Store) requeue(ctx context.Context, tx *sqlx.Tx, serials []string, jobs []job.Envelope) ([]job.Envelope, error) {
	touch, args, err := sqlx.In(s.touchOrders(), serials)
	if err != nil {
		return nil, err
	}
	if _, err := tx.ExecContext(ctx, touch, args...); err != nil {
		return nil, err
	}
	return s.db.InsertJobs(ctx, tx, jobs)
}

func (s *Store) touchOrders() string {
	return "UPDATE orders SET progress_at = " + s.db.Dialect.Now + " WHERE serial IN (?)"
}

// OrderWaits counts as progress of an order whose job waits for its next attempt without
// changing it. It may wait some ms for others.
func (s *Store) OrderWaits(ctx context.Context, serial string) error {
	return s.waits.Do(ctx, serial)
}

func (s *Store) touch(ctx context.Context, serials []string) error {
	query, args, err := sqlx.In(s.touchOrders(), serials)
	if err != nil {
		return fmt.Errorf("note that orders wait: %w", err)
	}
	_, err = s.db.One(ctx, "note that orders wait", query, args...)
	return err
}

// RestOrder notes that all attempts of an order's job have ended in vain: no sweep takes it
// before it had no progress for the usual time and the rest beyond.
func (s *Store) RestOrder(ctx context.Context, serial string, rest time.Duration) error {
	_, err := s.db.One(ctx, "let order rest", s.restOrder(), rest.Milliseconds(), serial)
	return err
}

func (s *Store) restOrder() string {
	return "UPDATE orders SET rounds = rounds + 1, progress_at = " + s.db.Dialect.Now + " + ? WHERE serial = ? AND settled = 0"
}
