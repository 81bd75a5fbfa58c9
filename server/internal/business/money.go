package business

import (
	"context"
	"errors"
	"fmt"
)

// TopUp is money that a follower has paid for a number.
type TopUp struct {
	// Serial names it at the carrier and towards the follower: one top-up for each.
	Serial          string
	Account, OpenID string
	Phone           string
	Fen             int64
}

// ErrToppedUp means that the serial is that of another order.
var ErrToppedUp = errors.New("the serial is that of another order")

// TopUp orders a top-up, and returns the order. The same one again returns the same order, in the
// state that it has by now. MoneyEnded is told of its end, and the follower as of any order.
func (s *Service) TopUp(ctx context.Context, t TopUp) (Order, error) {
	if t.Account == "" || t.OpenID == "" || t.Phone == "" || t.Fen < 1 || t.Serial == "" || len(t.Serial) > 32 {
		return Order{}, fmt.Errorf("top-up %q of %d fen for %q of account %q: all are needed, and the serial has at most 32 bytes", t.Serial, t.Fen, t.OpenID, t.Account)
	}
	now := s.cfg.Now()
	o := Order{
		Serial: t.Serial, Account: t.Account, OpenID: t.OpenID, Phone: t.Phone, Code: "topup", Name: "话费充值" + moneyText(t.Fen),
		Kind: OrderOfMoney, Fen: t.Fen, Key: "topup|" + t.Serial, State: StateAccepted, Version: FirstVersion, Created: now,
	}
	env, err := orderJob(o, now)
	if err != nil {
		return Order{}, err
	}
	stored, err := s.store.AcceptDue(ctx, o, env)
	if err != nil {
		return Order{}, fmt.Errorf("top up %s: %w", t.Serial, err)
	}
	if stored.Serial != o.Serial || stored.Kind != o.Kind || stored.Phone != o.Phone || stored.Fen != o.Fen {
		return Order{}, fmt.Errorf("top up %s: %w", t.Serial, ErrToppedUp)
	}
	return stored, nil
}

// Order returns an order by its serial, or ErrNoOrder.
func (s *Service) Order(ctx context.Context, serial string) (Order, error) {
	return s.store.Order(ctx, serial)
}

// settleMoney tells where the money is kept that a top-up has come to its end.
func (s *Service) settleMoney(ctx context.Context, o Order) error {
	if o.Kind != OrderOfMoney || s.cfg.MoneyEnded == nil {
		return nil
	}
	if err := s.cfg.MoneyEnded(ctx, o); err != nil {
		return fmt.Errorf("settle the top-up %s: %w", o.Serial, err)
	}
	return nil
}
