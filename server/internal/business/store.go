package business

import (
	"context"
	"errors"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/internal/wechatapi"
)

// Order is one order of a follower, as stored. Its JSON form travels with its jobs.
type Order struct {
	Serial   string    `json:"serial"` // names it at the carrier and towards the follower
	Account  string    `json:"account"`
	OpenID   string    `json:"openid"`
	Phone    string    `json:"phone"`
	Code     string    `json:"code"` // business code
	Product  string    `json:"product"`
	Name     string    `json:"name"`
	Kind     OrderKind `json:"kind,omitempty"`   // "" in a job of an earlier version: OrderOfProduct
	Effect   string    `json:"effect,omitempty"` // carrier.EffectiveNow, carrier.EffectiveNextMonth, or "", which is now
	MB       int64     `json:"mb,omitempty"`     // of OrderOfData
	Fen      int64     `json:"fen,omitempty"`    // of OrderOfMoney
	Key      string    `json:"key"`              // of the message that asked for it
	State    State     `json:"state"`
	Reason   string    `json:"reason,omitempty"` // why it failed, or what the last attempt met
	Attempts int       `json:"attempts"`         // claims by workers
	Version  int64     `json:"version"`          // grows with every change; a change names the one it saw
	Told     string    `json:"told,omitempty"`   // "", or by which way the follower was told
	Rounds   int       `json:"rounds,omitempty"` // how often all attempts of its job ended in vain
	Created  time.Time `json:"created"`
}

// FirstVersion is the version of an order that is accepted.
const FirstVersion = 1

// The errors of a Store that callers tell apart.
var (
	// ErrNoOrder: there is no such order.
	ErrNoOrder = errors.New("no such order")
	// ErrLeased: another worker has the order.
	ErrLeased = errors.New("order is leased to another worker")
	// ErrFinished: the order has come to its end.
	ErrFinished = errors.New("order is finished")
	// ErrStale: the order was changed since it was read.
	ErrStale = errors.New("order was changed meanwhile")
)

// Stores are where a Service keeps what must not be lost.
type Stores struct {
	// Orders keeps the catalogue and the orders.
	Orders Store
	// Replies keeps the first reply of each message.
	Replies reply.Store
	// Phones knows the numbers of followers. An answer may be some seconds old; the
	// implementation says how many.
	Phones Phones
	// Waiting are the jobs that wait in the outbox.
	Waiting Waiting
}

// Store keeps the catalogue and the orders. Each method is one invariant, through any number
// of transactions, and safe for concurrent use, by several processes. An error does not say
// that nothing is stored: the database may be lost between a COMMIT and its answer. Asking
// again is harmless, as a message has one reply and a change of an order names the version
// that it saw.
type Store interface {
	Pages
	Own
	// Catalogue returns all business codes of all accounts.
	Catalogue(ctx context.Context) ([]Code, error)
	// AcceptOrder stores an order, the reply of its message and its jobs, in the
	// manner of reply.Store.SaveReply. An error of the condition, which may be nil, is returned
	// with nothing stored. Orders of one number are judged one at a time.
	AcceptOrder(ctx context.Context, o Order, r message.Reply, c *Condition, jobs ...job.Envelope) (message.Reply, error)
	// AcceptDue stores an order that no message asks for, with its jobs, unless there is one
	// under its Key: that one is returned then.
	AcceptDue(ctx context.Context, o Order, jobs ...job.Envelope) (Order, error)

	// Order returns an order, or ErrNoOrder.
	Order(ctx context.Context, serial string) (Order, error)
	// ClaimOrder leases an order to the caller and moves it to State.Claimed. It
	// returns ErrNoOrder, ErrFinished or ErrLeased when that cannot be. known is what
	// the caller knows of it: where that is the latest version nothing is read; of one
	// without a version the serial counts alone. A finished order is returned too.
	ClaimOrder(ctx context.Context, known Order, lease time.Duration) (Order, error)
	// ResendOrder moves a claimed order from unknown to sent and renews the
	// lease; ErrStale when the lease was lost.
	ResendOrder(ctx context.Context, o Order, lease time.Duration) (Order, error)
	// ReleaseOrder gives a claimed order back in the given state; ErrStale when
	// the lease was lost.
	ReleaseOrder(ctx context.Context, o Order, to State, reason string) error
	// FinishOrder brings a claimed order to its end and stores the jobs that
	// follow from it; ErrStale when the order was changed meanwhile.
	FinishOrder(ctx context.Context, o Order, to State, reason string, jobs ...job.Envelope) error
	// MarkTold notes by which way the follower of a finished order was told. The note
	// of ToldTemplate may wait some ms for others: the platform swallows a repeat.
	MarkTold(ctx context.Context, serial, way string) error
	// Clock is the store's time.
	Clock(ctx context.Context) (time.Time, error)
	// StaleOrders returns up to limit orders that are unfinished or untold and had their
	// last progress before the given time of the store.
	StaleOrders(ctx context.Context, before time.Time, limit int) ([]Order, error)
	// RequeueOrders counts as progress of the orders and stores their jobs.
	RequeueOrders(ctx context.Context, serials []string, jobs []job.Envelope) error
	// SweepOrders is RequeueOrders for those that still had no progress since that time;
	// jobs[i] belongs to serials[i]. It returns how many jobs were stored: one that still
	// has a row is not stored twice.
	SweepOrders(ctx context.Context, before time.Time, serials []string, jobs []job.Envelope) (int, error)
	// OrderWaits counts as progress of an order whose job waits without changing it.
	OrderWaits(ctx context.Context, serial string) error
	// RestOrder notes that all attempts of an order's job have ended in vain. StaleOrders
	// does not return it before its time and the rest have passed.
	RestOrder(ctx context.Context, serial string, rest time.Duration) error
}

// Phones looks up bound numbers.
type Phones interface {
	// Phone returns the number bound to a follower, or binding.ErrUnbound.
	Phone(ctx context.Context, account, openid string) (string, error)
}

// Waiting are the jobs that wait in the outbox.
type Waiting interface {
	// PendingJobs returns up to limit rows of the outbox that carry jobs of the queue and have
	// an ID above after, the oldest first.
	PendingJobs(ctx context.Context, queue string, after int64, limit int) ([]job.Envelope, error)
}

// Carrier is what this package asks of the carrier. A refusal is a
// *carrier.RefusedError; of any other error carrierapi.NotSent says whether the
// call may have had an effect.
type Carrier interface {
	// Query asks what changes nothing; the answer is the response of the request's operation.
	Query(ctx context.Context, req carrier.Request) (carrier.Response, error)
	// QueryNow is Query for a callback that waits: behind a bulkhead and a breaker, it
	// refuses rather than queue.
	QueryNow(ctx context.Context, req carrier.Request) (carrier.Response, error)
	OrderProduct(ctx context.Context, serial, phone, product, effective string) error
	ChangePackage(ctx context.Context, serial, phone, code, effective string) error
	RedeemData(ctx context.Context, serial, phone string, mb int64, campaign string) error
	// TopUp adds money to the balance of a number, in fen.
	TopUp(ctx context.Context, serial, phone string, fen int64, ip string) (*carrier.TopUpResponse, error)
	// QueryOrder asks what became of the call of an operation under a serial.
	QueryOrder(ctx context.Context, op, serial string) (*carrier.QueryOrderResponse, error)
	SendSMS(ctx context.Context, serial, phone, text string) error
}

// Recent keeps for a short time what the carrier answered about a number.
type Recent interface {
	// Get returns an answer that is kept, and a mark to put one under. asked is false when
	// nothing can be kept now.
	Get(ctx context.Context, phone, question string) (answer []byte, mark string, found, asked bool)
	// Put keeps an answer that was asked for after the Get that gave the mark. It is not
	// found when Forget came between.
	Put(ctx context.Context, phone, question, mark string, answer []byte)
	// Forget ends what is kept of a number that was changed.
	Forget(ctx context.Context, phone string)
}

// WeChat is what this package asks of the platform. wechatapi.IsPermanent tells
// the errors that asking again does not change.
type WeChat interface {
	TemplateSend(ctx context.Context, account string, m wechatapi.Template) error
	CustomSend(ctx context.Context, account, openid, text string) error
}
