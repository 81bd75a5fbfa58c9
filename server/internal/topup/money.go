package topup

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/server/internal/payapi"
)

// How long a step is waited for before the next look: that of an order at the carrier, and of a
// refund at Pay.
const (
	lookAtOrder  = time.Minute
	lookAtPaid   = 5 * time.Second
	refundPrefix = "R"
)

// booked books a payment that Pay has told or answered, and sends the top-up to the carrier. That
// this fails is no error of the payment: the next look goes on.
func (s *Service) booked(ctx context.Context, account string, p payapi.Payment) error {
	if err := s.store.Pay(ctx, account, p.Serial, p.Transaction, p.Fen, lookAtPaid); err != nil {
		return err
	}
	s.metrics.money.WithLabelValues("paid").Add(float64(p.Fen))
	t, err := s.store.Load(ctx, account, p.Serial)
	if err == nil {
		err = s.forward(ctx, t)
	}
	if err != nil {
		s.warn(ctx, "forward", err)
	}
	return nil
}

// forward gives a paid top-up to the orders.
func (s *Service) forward(ctx context.Context, t TopUp) error {
	if err := s.orders.Accept(ctx, t); err != nil {
		return fmt.Errorf("order the top-up %s: %w", t.Serial, err)
	}
	return s.store.Sent(ctx, t.Serial, lookAtOrder)
}

// Settle books the end of the order of a top-up: the carrier has the money, or it is to go back. It
// may be told again.
func Settle(ctx context.Context, store Store, serial string, done bool, reason string) error {
	var err error
	if done {
		err = store.Done(ctx, serial)
	} else {
		err = store.Refuse(ctx, serial, reason)
	}
	if errors.Is(err, ErrRepeated) {
		return nil
	}
	return err
}

// refund asks Pay to give the money of a top-up back, under one number however often, and books it
// once Pay says that it went.
func (s *Service) refund(ctx context.Context, t TopUp) error {
	state, err := s.pay.Refund(ctx, t.Account, payapi.Refund{
		Serial: t.Serial, Number: refundPrefix + t.Serial, Fen: t.Fen, Total: t.Fen, Why: "充值未成功", NotifyURL: s.notifyURL(t.Account),
	})
	switch {
	case err != nil:
		return err
	case state == payapi.RefundDone:
		return s.refunded(ctx, t.Account, t.Serial, t.Fen)
	case state == payapi.RefundProcessing:
		return nil // its notification, or the next look
	}
	return fmt.Errorf("refund of top-up %s: Pay says %q, and people must see to it", t.Serial, state)
}

// refunded books a refund.
func (s *Service) refunded(ctx context.Context, account, serial string, fen int64) error {
	err := s.store.Refund(ctx, account, serial, fen)
	if err == nil {
		s.metrics.money.WithLabelValues("refunded").Add(float64(fen))
	}
	return err
}
