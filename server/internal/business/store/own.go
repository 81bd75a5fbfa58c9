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
	selectOwn = "SELECT " + orderColumns + " FROM orders WHERE openid = ? AND account = ? ORDER BY created_at DESC LIMIT ?"
	// The order of a message, or of a source.
	selectByKey     = "SELECT " + orderColumns + " FROM orders WHERE account = ? AND msg_key = ?"
	selectByKeyPast = "SELECT " + orderColumns + " FROM order_archive WHERE account = ? AND msg_key = ?"
)

// OrdersOf implements business.Own.
func (s *Store) OrdersOf(ctx context.Context, account, openid string, limit int) ([]business.Order, error) {
	var rows []orderRow
	if err := s.db.Read.SelectContext(ctx, &rows, selectOwn, openid, account, limit); err != nil {
		return nil, fmt.Errorf("read the orders of a follower: %w", err)
	}
	orders := make([]business.Order, 0, len(rows))
	for _, r := range rows {
		orders = append(orders, r.order())
	}
	return orders, nil
}

// cancelOrder meets the order while no worker has it: a claim changes its state.
func (s *Store) cancelOrder() string {
	return "UPDATE orders SET state = ?, reason = ?, told = ?, settled = 1, version = version + 1, lease_until = 0, progress_at = " +
		s.db.Dialect.Now + " WHERE serial = ? AND version = ? AND state IN (?, ?)"
}

// CancelOrder implements business.Own.
func (s *Store) CancelOrder(ctx context.Context, o business.Order, reason, told string) (bool, error) {
	err := s.db.Update(ctx, "cancel order", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.Change(ctx, tx, business.ErrStale, s.cancelOrder(), business.StateFailed, reason, told, o.Serial, o.Version,
			business.StateAccepted, business.StateQueued)
	})
	if errors.Is(err, business.ErrStale) {
		return false, nil
	}
	return err == nil, err
}

// AcceptDue stores an order that no message asks for, with its jobs, unless there is one under
// its key, live or archived: that one is returned then.
func (s *Store) AcceptDue(ctx context.Context, o business.Order, jobs ...job.Envelope) (business.Order, error) {
	insert := s.acceptOrder(true)
	var outcome business.Order
	var written []job.Envelope
	err := s.db.Update(ctx, "accept due order", func(ctx context.Context, tx *sqlx.Tx) error {
		outcome, written = o, nil
		res, err := tx.ExecContext(ctx, insert, acceptArgs(o)...)
		if err != nil {
			return err
		}
		n, err := res.RowsAffected()
		if err != nil {
			return err
		}
		if n > 0 {
			written, err = s.db.InsertJobs(ctx, tx, jobs)
			return err
		}
		outcome, err = readOrder(ctx, tx, selectByKey, o.Account, o.Key)
		if errors.Is(err, business.ErrNoOrder) {
			outcome, err = readOrder(ctx, tx, selectByKeyPast, o.Account, o.Key)
		}
		return err
	})
	if err != nil {
		return business.Order{}, err
	}
	s.db.Announce(written)
	return outcome, nil
}

// acceptArgs are the arguments of acceptOrder.
func acceptArgs(o business.Order) []any {
	now := time.Now().UnixMilli()
	return []any{
		o.Serial, o.Account, o.OpenID, o.Phone, o.Code, o.Product, o.Name, o.Key, orderKind(o), o.Effect, o.MB, o.Fen,
		business.StateAccepted, "", 0, business.FirstVersion, 0, "", 0, now, now, o.Serial, o.Account, o.Key,
	}
}

func orderKind(o business.Order) business.OrderKind {
	if o.Kind == "" {
		return business.OrderOfProduct
	}
	return o.Kind
}
