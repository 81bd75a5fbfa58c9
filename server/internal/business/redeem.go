package business

import (
	"context"
	"errors"
	"fmt"
)

// Redemption gives a follower data that they have won.
type Redemption struct {
	Account, OpenID string
	// Source names what it is spent from, at most 120 bytes: one source is redeemed once.
	Source string
	// Campaign is named at the carrier.
	Campaign string
	MB       int64 // 1 to MaxRedeem
}

// MaxRedeem is the most that one Redemption can have, in MB.
const MaxRedeem = 102_400

// ErrRedeemed means that the source was redeemed before, by another follower or with another
// amount.
var ErrRedeemed = errors.New("the source was redeemed otherwise")

// Redeem orders the data of a Redemption for the number that the follower has bound, and
// returns the order. The same source again returns the same order, in the state that it has
// by now, whatever number is bound. The error is binding.ErrUnbound without a number. The
// follower is told the result as of any order.
func (s *Service) Redeem(ctx context.Context, r Redemption) (Order, error) {
	if r.Account == "" || r.OpenID == "" || r.Source == "" || len(r.Source) > 120 || r.Campaign == "" || r.MB < 1 || r.MB > MaxRedeem {
		return Order{}, fmt.Errorf("redeem %d MB of %q for %q of account %q in campaign %q: account, openid, source (at most 120 bytes) and "+
			"campaign must not be empty, and the amount is 1 to %d MB", r.MB, r.Source, r.OpenID, r.Account, r.Campaign, MaxRedeem)
	}
	phone, err := s.phones.Phone(ctx, r.Account, r.OpenID)
	if err != nil {
		return Order{}, err
	}
	now := s.cfg.Now()
	o := Order{
		Serial: NewSerial(now), Account: r.Account, OpenID: r.OpenID, Phone: phone, Code: "redeem", Product: r.Campaign,
		Name: amountText(r.MB, "MB") + "流量兑换", Kind: OrderOfData, MB: r.MB, Key: "redeem|" + r.Source, State: StateAccepted,
		Version: FirstVersion, Created: now,
	}
	env, err := orderJob(o, now)
	if err != nil {
		return Order{}, err
	}
	stored, err := s.store.AcceptDue(ctx, o, env)
	if err != nil {
		return Order{}, fmt.Errorf("redeem %q: %w", r.Source, err)
	}
	if stored.OpenID != o.OpenID || stored.MB != o.MB || stored.Product != o.Product {
		return Order{}, fmt.Errorf("redeem %d MB of %q: %w: order %s", r.MB, r.Source, ErrRedeemed, stored.Serial)
	}
	return stored, nil
}
