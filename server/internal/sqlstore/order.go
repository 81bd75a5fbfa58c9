package sqlstore

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/business"
	"oalab/server/internal/job"
)

const orderColumns = "serial, account, openid, phone, code, product, name, msg_key, state, reason, attempts, version, told, created_at"

const selectOrder = "SELECT " + orderColumns + " FROM orders WHERE serial = ?"

// maxReason is how much of a reason is stored, in characters.
const maxReason = 500

type orderRow struct {
	Serial   string `db:"serial"`
	Account  string `db:"account"`
	OpenID   string `db:"openid"`
	Phone    string `db:"phone"`
	Code     string `db:"code"`
	Product  string `db:"product"`
	Name     string `db:"name"`
	Key      string `db:"msg_key"`
	State    string `db:"state"`
	Reason   string `db:"reason"`
	Attempts int    `db:"attempts"`
	Version  int64  `db:"version"`
	Told     string `db:"told"`
	Created  int64  `db:"created_at"`
}

func (r orderRow) order() business.Order {
	return business.Order{
		Serial: r.Serial, Account: r.Account, OpenID: r.OpenID, Phone: r.Phone, Code: r.Code, Product: r.Product,
		Name: r.Name, Key: r.Key, State: business.State(r.State), Reason: r.Reason, Attempts: r.Attempts,
		Version: r.Version, Told: r.Told, Created: time.UnixMilli(r.Created),
	}
}

// AcceptOrder stores an order, the reply of its message and its jobs, unless the
// message has a reply already: that one is returned then.
func (db *DB) AcceptOrder(ctx context.Context, o business.Order, r business.Reply, jobs ...job.Envelope) (business.Reply, error) {
	insert := db.dialect.insert("orders", "serial", "account", "openid", "phone", "code", "product", "name", "msg_key",
		"state", "reason", "attempts", "version", "lease_until", "told", "settled", "progress_at", "created_at")
	return db.firstReply(ctx, "accept order", o.Account, o.Key, r, jobs, func(ctx context.Context, tx *sqlx.Tx) error {
		now := nowMillis()
		_, err := tx.ExecContext(ctx, insert, o.Serial, o.Account, o.OpenID, o.Phone, o.Code, o.Product, o.Name, o.Key,
			business.StateAccepted, "", 0, business.FirstVersion, 0, "", 0, now, now)
		return err
	})
}

// Order returns an order, or business.ErrNoOrder.
func (db *DB) Order(ctx context.Context, serial string) (business.Order, error) {
	return readOrder(ctx, db.read, serial)
}

func readOrder(ctx context.Context, q sqlx.QueryerContext, serial string) (business.Order, error) {
	var row orderRow
	err := sqlx.GetContext(ctx, q, &row, selectOrder, serial)
	if errors.Is(err, sql.ErrNoRows) {
		return business.Order{}, business.ErrNoOrder
	}
	if err != nil {
		return business.Order{}, fmt.Errorf("read order %s: %w", serial, err)
	}
	return row.order(), nil
}

// ClaimOrder leases an order and moves it to the state of a claim. The
// database's clock says whether an earlier lease has ended. One statement does it where
// known is up to date; else another one reads what is there, and the next one claims that.
func (db *DB) ClaimOrder(ctx context.Context, known business.Order, lease time.Duration) (business.Order, error) {
	if known.Version > 0 {
		if o, err := db.claim(ctx, known, lease); !errors.Is(err, business.ErrLeased) {
			return o, err
		}
	}
	o, err := db.Order(ctx, known.Serial)
	if err != nil {
		return o, err
	}
	if o.State.Finished() {
		return o, business.ErrFinished
	}
	return db.claim(ctx, o, lease)
}

// claim claims this version of an order; ErrLeased: there is another one, or a lease.
func (db *DB) claim(ctx context.Context, o business.Order, lease time.Duration) (business.Order, error) {
	to := o.State.Claimed()
	met, err := db.one(ctx, "claim order", db.claimOrder(), to, lease.Milliseconds(), o.Serial, o.Version)
	if err == nil && met == 0 {
		err = business.ErrLeased
	}
	if err != nil {
		return o, err
	}
	o.State, o.Version, o.Attempts = to, o.Version+1, o.Attempts+1
	return o, nil
}

// one runs a single statement that changes nothing when it is run again, and returns how
// many rows it met.
func (db *DB) one(ctx context.Context, what, query string, args ...any) (met int64, err error) {
	err = db.writer.statement(ctx, func(ctx context.Context, q sqlx.ExtContext) error {
		res, err := q.ExecContext(ctx, query, args...)
		if err != nil {
			return err
		}
		met, err = res.RowsAffected()
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("%s: %w", what, err)
	}
	return met, nil
}

func (db *DB) claimOrder() string {
	return "UPDATE orders SET state = ?, attempts = attempts + 1, version = version + 1, lease_until = " + db.dialect.now +
		" + ?, progress_at = " + db.dialect.now + " WHERE serial = ? AND version = ? AND lease_until <= " + db.dialect.now
}

// ResendOrder moves a claimed order from unknown to sent and renews its lease.
func (db *DB) ResendOrder(ctx context.Context, o business.Order, lease time.Duration) (business.Order, error) {
	if err := business.Move(o.State, business.StateSent); err != nil {
		return o, err
	}
	resend := db.resendOrder()
	err := db.update(ctx, "resend order", func(ctx context.Context, tx *sqlx.Tx) error {
		return change(ctx, tx, business.ErrStale, resend, business.StateSent, lease.Milliseconds(), o.Serial, o.Version)
	})
	if err != nil {
		return o, err
	}
	o.State, o.Version = business.StateSent, o.Version+1
	return o, nil
}

func (db *DB) resendOrder() string {
	return "UPDATE orders SET state = ?, version = version + 1, lease_until = " + db.dialect.now +
		" + ?, progress_at = " + db.dialect.now + " WHERE serial = ? AND version = ?"
}

const releaseOrder = "UPDATE orders SET state = ?, reason = ?, version = version + 1, lease_until = 0 WHERE serial = ? AND version = ?"

// ReleaseOrder gives a claimed order back in the given state.
func (db *DB) ReleaseOrder(ctx context.Context, o business.Order, to business.State, reason string) error {
	if err := business.Move(o.State, to); err != nil {
		return err
	}
	return db.update(ctx, "release order", func(ctx context.Context, tx *sqlx.Tx) error {
		return change(ctx, tx, business.ErrStale, releaseOrder, to, clip(reason), o.Serial, o.Version)
	})
}

// FinishOrder brings an order to its end and stores the jobs that follow.
func (db *DB) FinishOrder(ctx context.Context, o business.Order, to business.State, reason string, jobs ...job.Envelope) error {
	if err := business.Move(o.State, to); err != nil {
		return err
	}
	if !to.Finished() {
		return fmt.Errorf("finish order %s: %s is not an end", o.Serial, to)
	}
	finish := db.finishOrder()
	var stored []job.Envelope
	err := db.update(ctx, "finish order", func(ctx context.Context, tx *sqlx.Tx) error {
		err := change(ctx, tx, business.ErrStale, finish, to, clip(reason), o.Serial, o.Version)
		if err != nil {
			return err
		}
		stored, err = db.insertJobs(ctx, tx, jobs)
		return err
	})
	if err == nil {
		db.announce(stored)
	}
	return err
}

func (db *DB) finishOrder() string {
	return "UPDATE orders SET state = ?, reason = ?, version = version + 1, lease_until = 0, progress_at = " +
		db.dialect.now + " WHERE serial = ? AND version = ?"
}

// StaleOrders returns orders that are unfinished or untold and had no progress
// for the given time, the oldest first.
func (db *DB) StaleOrders(ctx context.Context, age time.Duration, limit int) ([]business.Order, error) {
	var rows []orderRow
	if err := db.read.SelectContext(ctx, &rows, db.staleOrders(), age.Milliseconds(), limit); err != nil {
		return nil, fmt.Errorf("read stale orders: %w", err)
	}
	orders := make([]business.Order, 0, len(rows))
	for _, r := range rows {
		orders = append(orders, r.order())
	}
	return orders, nil
}

func (db *DB) staleOrders() string {
	return "SELECT " + orderColumns + " FROM orders WHERE settled = 0 AND progress_at < " + db.dialect.now +
		" - ? ORDER BY progress_at LIMIT ?"
}

// RequeueOrders counts a sweep as progress of the orders and stores their jobs;
// a job that still waits is not stored twice.
func (db *DB) RequeueOrders(ctx context.Context, serials []string, jobs []job.Envelope) error {
	if len(serials) == 0 {
		return nil
	}
	touch, args, err := sqlx.In(db.touchOrders(), serials)
	if err != nil {
		return fmt.Errorf("requeue orders: %w", err)
	}
	var stored []job.Envelope
	err = db.update(ctx, "requeue orders", func(ctx context.Context, tx *sqlx.Tx) error {
		if _, err := tx.ExecContext(ctx, touch, args...); err != nil {
			return err
		}
		var err error
		stored, err = db.insertJobs(ctx, tx, jobs)
		return err
	})
	if err == nil {
		db.announce(stored)
	}
	return err
}

func (db *DB) touchOrders() string {
	return "UPDATE orders SET progress_at = " + db.dialect.now + " WHERE serial IN (?)"
}

// change makes a change that must meet a row; none is the error when it does not.
func change(ctx context.Context, tx *sqlx.Tx, none error, query string, args ...any) error {
	res, err := tx.ExecContext(ctx, query, args...)
	if err != nil {
		return err
	}
	n, err := res.RowsAffected()
	if err == nil && n == 0 {
		err = none
	}
	return err
}

// clip bounds a text by characters.
func clip(s string) string {
	s = strings.ToValidUTF8(s, "?")
	if r := []rune(s); len(r) > maxReason {
		return string(r[:maxReason])
	}
	return s
}

// nowMillis is the time of a row's making; leases use the database's clock.
func nowMillis() int64 { return time.Now().UnixMilli() }
