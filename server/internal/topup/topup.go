// Package topup owns the money of top-ups (BIZ-8): what followers pay with WeChat Pay, the books to
// the cent, the notifications that Pay sends, what is asked when one stays away, and the refund when
// the carrier refuses. What the carrier does about a top-up is an order like any other; this
// package knows that it has an end.
package topup

import (
	"context"
	"errors"
	"time"
)

// TopUp is one top-up, as stored.
type TopUp struct {
	// Serial is its one number: at Pay, at the carrier and towards the follower.
	Serial string
	// Account and OpenID are who pays, Phone is the number that gets the money.
	Account, OpenID, Phone string
	// Key is the follower's own name for it: one top-up for each.
	Key string
	Fen int64
	// State is how far it has come.
	State State
	// Transaction is Pay's number of the payment; "" before it.
	Transaction string
	// Tries counts the steps since the last change of the state.
	Tries   int
	Created time.Time
	// Expires is when it can be paid no more, in whole seconds, as Pay is told.
	Expires time.Time
	// Next is when the next step is due; zero when there is none.
	Next time.Time
}

// Books are the sums over all top-ups, in fen, in one snapshot (BIZ-8).
type Books struct {
	// In is what was paid.
	In int64 `db:"money_in" json:"money_in"`
	// Done is what reached numbers, Refunded what went back.
	Done     int64 `db:"done" json:"done"`
	Refunded int64 `db:"refunded" json:"refunded"`
	// Open is what was paid and is neither.
	Open int64 `db:"still_open" json:"open"`
	// Missing is what came in and is nowhere. It is 0.
	Missing int64 `db:"missing" json:"missing"`
}

// Errors of a Store. Nothing was changed then.
var (
	// ErrNoTopUp: there is no such top-up.
	ErrNoTopUp = errors.New("no such top-up")
	// ErrKeyUsed: the key names another top-up of this follower.
	ErrKeyUsed = errors.New("the key is that of another top-up")
	// ErrAmount: another amount was paid than the top-up has.
	ErrAmount = errors.New("another amount was paid than was asked for")
	// ErrTransaction: the top-up was paid by another payment.
	ErrTransaction = errors.New("the top-up was paid by another payment")
	// ErrRepeated: that was so before.
	ErrRepeated = errors.New("known before")
	// ErrNotPaid: the top-up has no money that could go on.
	ErrNotPaid = errors.New("the top-up was not paid")
)

// Store keeps the top-ups and their books. Each method is one transaction; the clock is the
// database's. Its methods are safe for concurrent use, by several processes too. After an error that is none
// of the above the change may be stored; asking again is harmless.
type Store interface {
	// Create stores a top-up in StateCreated, to be looked at after a wait. The same key again
	// changes nothing and returns the first one; ErrKeyUsed when that has another number or amount.
	Create(ctx context.Context, t TopUp, look time.Duration) (TopUp, error)
	// Load returns a top-up of an account, or ErrNoTopUp.
	Load(ctx context.Context, account, serial string) (TopUp, error)
	// Of returns the latest top-ups of a follower, the latest first.
	Of(ctx context.Context, account, openid string, limit int) ([]TopUp, error)
	// Pay books a payment: StatePaid. Errors: ErrNoTopUp, ErrAmount, ErrTransaction, and
	// ErrRepeated when this payment was booked before. next is when the next step is due.
	Pay(ctx context.Context, account, serial, transaction string, fen int64, next time.Duration) error
	// Sent notes that the order is accepted; a top-up that has come further stays as it is.
	Sent(ctx context.Context, serial string, next time.Duration) error
	// Done books that the carrier has the money. Errors: ErrRepeated, ErrNotPaid.
	Done(ctx context.Context, serial string) error
	// Refuse notes that the money is to go back. Errors: ErrRepeated, ErrNotPaid.
	Refuse(ctx context.Context, serial, reason string) error
	// Refund books that the money went back. Errors: ErrNoTopUp, ErrAmount, ErrRepeated, ErrNotPaid.
	Refund(ctx context.Context, account, serial string, fen int64) error
	// Close ends a top-up that was not paid; one that was stays as it is.
	Close(ctx context.Context, serial string) error
	// Due are top-ups whose next step is due, the oldest first.
	Due(ctx context.Context, limit int) ([]TopUp, error)
	// Claim puts the next step off by a pause; false when another process was faster.
	Claim(ctx context.Context, t TopUp, pause time.Duration) (bool, error)
}
