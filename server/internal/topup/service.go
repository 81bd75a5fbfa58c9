package topup

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"net/http"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/page"
	"oalab/server/internal/payapi"
	"oalab/server/internal/resilience"
)

// Pay is WeChat Pay. Its errors are those of package payapi.
type Pay interface {
	// Has reports whether an account takes payments.
	Has(account string) bool
	Prepay(ctx context.Context, account string, o payapi.Order) (payapi.Sheet, error)
	Query(ctx context.Context, account, serial string) (payapi.Payment, error)
	CloseOrder(ctx context.Context, account, serial string) error
	// Refund gives money back, once for each number.
	Refund(ctx context.Context, account string, r payapi.Refund) (state string, err error)
	// Notified verifies and opens a notification.
	Notified(r *http.Request, account string) (payapi.Notice, error)
}

// Ending is what became of the order of a top-up.
type Ending struct {
	// Known: there is such an order. Ended: it has come to its end; Done: the carrier has done it.
	Known, Ended, Done bool
	// Reason is why it was refused.
	Reason string
}

// Orders brings top-ups to the carrier. Settle is told of the end of each.
type Orders interface {
	// Accept stores the order of a top-up under its serial, once.
	Accept(ctx context.Context, t TopUp) error
	// Ending says what became of it.
	Ending(ctx context.Context, serial string) (Ending, error)
}

// Follower is who asks.
type Follower struct {
	OpenID string
	// Snapshot: the openid is made up, so nothing may be paid for it.
	Snapshot bool
}

// Followers knows who asks, and which number they have bound. Its errors are those of package web.
type Followers interface {
	Follower(w http.ResponseWriter, r *http.Request, account string) (Follower, error)
	// Phone returns the number, or binding.ErrUnbound.
	Phone(ctx context.Context, account, openid string) (string, error)
}

// Config of a Service.
type Config struct {
	Settings
	// NewSerial makes the number of a top-up: unique, 6 to 32 letters and digits.
	NewSerial func() string
	// Zone is the time zone of what followers read.
	Zone *time.Location
	// ScriptBase is where the page loads the platform's script from; "" for a phone that brings it.
	ScriptBase string
}

// Service is the top-ups. It is safe for concurrent use.
type Service struct {
	cfg       Config
	store     Store
	pay       Pay
	orders    Orders
	followers Followers
	log       *slog.Logger
	metrics   *metrics
	begins    *resilience.Buckets
	pages     *page.Set
}

// New makes a Service and registers its metrics with reg, which may be nil.
func New(cfg Config, store Store, pay Pay, orders Orders, followers Followers, log *slog.Logger, reg prometheus.Registerer) (*Service, error) {
	if cfg.Life <= 0 || cfg.AskAfter <= 0 || cfg.SweepEvery <= 0 || cfg.NewSerial == nil || cfg.Zone == nil || cfg.NotifyBase == "" {
		return nil, errors.New("the top-ups lack a time, a serial, a time zone or the address of notifications")
	}
	s := &Service{cfg: cfg, store: store, pay: pay, orders: orders, followers: followers, log: log}
	files, err := fs.Sub(pageFiles, "asset")
	if err != nil {
		return nil, err
	}
	if s.pages, err = page.New(files, nil, cfg.ScriptBase); err != nil {
		return nil, err
	}
	if s.begins, err = resilience.NewBuckets(cfg.PerMinute); err != nil {
		return nil, err
	}
	if s.metrics, err = newMetrics(reg); err != nil {
		return nil, fmt.Errorf("register metrics of the top-ups: %w", err)
	}
	return s, nil
}

// notifyURL is where Pay tells of an account's payments and refunds.
func (s *Service) notifyURL(account string) string {
	return strings.TrimSuffix(s.cfg.NotifyBase, "/") + "/pay/" + account + "/notify"
}

// Begin stores a top-up that a follower wants to pay. The same key again is the same top-up.
func (s *Service) Begin(ctx context.Context, account, openid, phone, key string, fen int64) (TopUp, error) {
	t := TopUp{
		Serial: s.cfg.NewSerial(), Account: account, OpenID: openid, Phone: phone, Key: key, Fen: fen,
		Expires: time.Now().Add(time.Duration(s.cfg.Life)).Truncate(time.Second),
	}
	return s.store.Create(ctx, t, time.Duration(s.cfg.AskAfter))
}

// Sheet is what the follower's phone pays a top-up with. payapi.ErrOver when it cannot be paid any more.
func (s *Service) Sheet(ctx context.Context, t TopUp) (payapi.Sheet, error) {
	return s.pay.Prepay(ctx, t.Account, payapi.Order{
		Serial: t.Serial, OpenID: t.OpenID, Text: "话费充值" + yuan(t.Fen) + "元 " + hidden(t.Phone), Fen: t.Fen,
		Expires: t.Expires, NotifyURL: s.notifyURL(t.Account),
	})
}

// yuan writes an amount.
func yuan(fen int64) string {
	if fen%100 == 0 {
		return fmt.Sprintf("%d", fen/100)
	}
	return fmt.Sprintf("%d.%02d", fen/100, fen%100)
}

// hidden is a number without its middle.
func hidden(phone string) string {
	if len(phone) < 8 {
		return phone
	}
	return phone[:3] + strings.Repeat("*", len(phone)-7) + phone[len(phone)-4:]
}
