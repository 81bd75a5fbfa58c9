package businessstore

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
	"oalab/server/internal/message"
	"oalab/server/internal/sqldb"
)

const orderColumns = "serial, account, openid, phone, code, product, name, msg_key, kind, effect, mb, fen, state, reason, attempts, version, told, rounds, created_at"

const (
	selectOrder     = "SELECT " + orderColumns + " FROM orders WHERE serial = ?"
	selectArchived  = "SELECT " + orderColumns + " FROM order_archive WHERE serial = ?"
	archivedSerial  = "SELECT 1 FROM order_archive WHERE serial = ?"
	archivedMessage = "SELECT 1 FROM order_archive WHERE account = ? AND msg_key = ?"
)

type orderRow struct {
	Serial   string `db:"serial"`
	Account  string `db:"account"`
	OpenID   string `db:"openid"`
	Phone    string `db:"phone"`
	Code     string `db:"code"`
	Product  string `db:"product"`
	Name     string `db:"name"`
	Key      string `db:"msg_key"`
	Kind     string `db:"kind"`
	Effect   string `db:"effect"`
	MB       int64  `db:"mb"`
	Fen      int64  `db:"fen"`
	State    string `db:"state"`
	Reason   string `db:"reason"`
	Attempts int    `db:"attempts"`
	Version  int64  `db:"version"`
	Told     string `db:"told"`
	Rounds   int    `db:"rounds"`
	Created  int64  `db:"created_at"`
}

func (r orderRow) order() business.Order {
	return business.Order{
		Serial: r.Serial, Account: r.Account, OpenID: r.OpenID, Phone: r.Phone, Code: r.Code, Product: r.Product,
		Name: r.Name, Key: r.Key, Kind: business.OrderKind(r.Kind), Effect: r.Effect, MB: r.MB, Fen: r.Fen, State: business.State(r.State), Reason: r.Reason, Attempts: r.Attempts,
		Version: r.Version, Told: r.Told, Rounds: r.Rounds, Created: time.UnixMilli(r.Created),
	}
}

// AcceptOrder stores an order, the reply of its message and its jobs, unless the
// message has a reply already: that one is returned then. An error of the condition, which may
// be nil, is returned with nothing stored.
func (s *Store) AcceptOrder(
	ctx context.Context, o business.Order, r message.Reply, c *business.Condition, jobs ...job.Envelope,
) (message.Reply, error) {
	insert := s.acceptOrder(false)
	return s.replies.First(ctx, "accept order", o.Account, o.Key, r, jobs, func(ctx context.Context, tx *sqlx.Tx) error {
		if err := s.judge(ctx, tx, o.Phone, c); err != nil {
			return err
		}
		repeated := fmt.Errorf("message %s of account %s, or serial %s, has an order in the archive", o.Key, o.Account, o.Serial)
		return sqldb.Change(ctx, tx, repeated, insert, acceptArgs(o)...)
	})
}

// acceptOrder is an INSERT that affects no row when the archive has the serial or the
// message: both stay unique when an order has left the live table, and its reply is gone.
// With again, the live table is no error then, either.
func (s *Store) acceptOrder(again bool) string {
	names := []string{
		"serial", "account", "openid", "phone", "code", "product", "name", "msg_key", "kind", "effect", "mb", "fen",
		"state", "reason", "attempts", "version", "lease_until", "told", "settled", "progress_at", "created_at",
	}
	d := s.db.Dialect
	insert := d.Insert("orders", names...)
	columns, values, _ := strings.Cut(insert, " VALUES ")
	fresh := columns + " SELECT " + strings.Trim(values, "()") +
		" WHERE NOT EXISTS (" + archivedSerial + ") AND NOT EXISTS (" + archivedMessage + ")"
	if again {
		fresh += strings.TrimPrefix(d.InsertNew("orders", "serial", names...), insert)
	}
	return fresh
}

// Order returns an order, live or archived, or business.ErrNoOrder. The archive is read
// last: an order that is moved meanwhile is found there.
func (s *Store) Order(ctx context.Context, serial string) (business.Order, error) {
	o, err := readOrder(ctx, s.db.Read, selectOrder, serial)
	if errors.Is(err, business.ErrNoOrder) {
		return readOrder(ctx, s.db.Read, selectArchived, serial)
	}
	return o, err
}

func readOrder(ctx context.Context, q sqlx.QueryerContext, query string, key ...any) (business.Order, error) {
	var row orderRow
	err := sqlx.GetContext(ctx, q, &row, query, key...)
	if errors.Is(err, sql.ErrNoRows) {
		return business.Order{}, business.ErrNoOrder
	}
	if err != nil {
		return business.Order{}, fmt.Errorf("read order %v: %w", key, err)
	}
	return row.order(), nil
}

// ClaimOrder leases an order and moves it to the state of a claim. The
// database's clock says whether an earlier lease has ended. One statement does it where
// known is up to date; else another one reads what is there, and the next one claims that.
func (s *Store) ClaimOrder(ctx context.Context, known business.Order, lease time.Duration) (business.Order, error) {
	if known.Version > 0 {
		if o, err := s.claim(ctx, known, lease); !errors.Is(err, business.ErrLeased) {
			return o, err
		}
	}
	o, err := s.Order(ctx, known.Serial)
	if err != nil {
		return o, err
	}
	if o.State.Finished() {
		return o, business.ErrFinished
	}
	return s.claim(ctx, o, lease)
}

// claim claims this version of an order; ErrLeased: there is another one, or a lease.
func (s *Store) claim(ctx context.Context, o business.Order, lease time.Duration) (business.Order, error) {
	to := o.State.Claimed()
	met, err := s.db.One(ctx, "claim order", s.claimOrder(), to, lease.Milliseconds(), o.Serial, o.Version)
	if err == nil && met == 0 {
		err = business.ErrLeased
	}
	if err != nil {
		return o, err
	}
	o.State, o.Version, o.Attempts = to, o.Version+1, o.Attempts+1
	return o, nil
}

func (s *Store) claimOrder() string {
	return "UPDATE orders SET state = ?, attempts = attempts + 1, version = version + 1, lease_until = " + s.db.Dialect.Now +
		" + ?, progress_at = " + s.db.Dialect.Now + " WHERE serial = ? AND version = ? AND lease_until <= " + s.db.Dialect.Now
}

// ResendOrder moves a claimed order from unknown to sent and renews its lease.
func (s *Store) ResendOrder(ctx context.Context, o business.Order, lease time.Duration) (business.Order, error) {
	if err := business.Move(o.State, business.StateSent); err != nil {
		return o, err
	}
	resend := s.resendOrder()
	err := s.db.Update(ctx, "resend order", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.Change(ctx, tx, business.ErrStale, resend, business.StateSent, lease.Milliseconds(), o.Serial, o.Version)
	})
	if err != nil {
		return o, err
	}
	o.State, o.Version = business.StateSent, o.Version+1
	return o, nil
}

func (s *Store) resendOrder() string {
	return "UPDATE orders SET state = ?, version = version + 1, lease_until = " + s.db.Dialect.Now +
		" + ?, progress_at = " + s.db.Dialect.Now + " WHERE serial = ? AND version = ?"
}

const releaseOrder = "UPDATE orders SET state = ?, reason = ?, version = version + 1, lease_until = 0 WHERE serial = ? AND version = ?"

// ReleaseOrder gives a claimed order back in the given state.
func (s *Store) ReleaseOrder(ctx context.Context, o business.Order, to business.State, reason string) error {
	if err := business.Move(o.State, to); err != nil {
		return err
	}
	return s.db.Update(ctx, "release order", func(ctx context.Context, tx *sqlx.Tx) error {
		return sqldb.Change(ctx, tx, business.ErrStale, releaseOrder, to, sqldb.Clip(reason), o.Serial, o.Version)
	})
}

// FinishOrder brings an order to its end and stores the jobs that follow.
func (s *Store) FinishOrder(ctx context.Context, o business.Order, to business.State, reason string, jobs ...job.Envelope) error {
	if err := business.Move(o.State, to); err != nil {
		return err
	}
	if !to.Finished() {
		return fmt.Errorf("finish order %s: %s is not an end", o.Serial, to)
	}
	finish := s.finishOrder()
	var stored []job.Envelope
	err := s.db.Update(ctx, "finish order", func(ctx context.Context, tx *sqlx.Tx) error {
		err := sqldb.Change(ctx, tx, business.ErrStale, finish, to, sqldb.Clip(reason), o.Serial, o.Version)
		if err != nil {
			return err
		}
		stored, err = s.db.InsertJobs(ctx, tx, jobs)
		return err
	})
	if err == nil {
		s.db.Announce(stored)
	}
	return err
}

func (s *Store) finishOrder() string {
	return "UPDATE orders SET state = ?, reason = ?, version = version + 1, lease_until = 0, progress_at = " +
		s.db.Dialect.Now + " WHERE serial = ? AND version = ?"
}

const countUnfinished = "SELECT COUNT(*) FROM orders WHERE settled = 0 AND state NOT IN (?, ?)"

// CountUnfinished counts the orders that are neither done nor failed, for sqldb.DB.Count().
func (*Store) CountUnfinished() sqldb.Query {
	return sqldb.Query{Text: countUnfinished, Args: []any{business.StateDone, business.StateFailed}}
}
