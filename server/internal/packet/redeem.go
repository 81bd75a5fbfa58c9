package packet

import "context"

// MaxRedeem bounds one redemption, in MB.
const MaxRedeem = 100_000

// Redemption is data that a follower moves from the balance to the bound phone (CAM-2).
type Redemption struct {
	Account, OpenID string
	// Serial is the follower's own name for it: one redemption for each.
	Serial string
	Units  int64 // 1 to MaxRedeem, in MB
}

// redeemBody is what the call redeem gets.
type redeemBody struct {
	Serial string `json:"serial"`
	Units  int64  `json:"units"`
}

// redeem takes data out of the follower's balance for the bound phone. A worker orders it.
func (s *Service) redeem(ctx context.Context, c call) (any, error) {
	var in redeemBody
	if err := read(c.r, &in); err != nil {
		return nil, err
	}
	switch {
	case !plainName(in.Serial, maxSerial):
		return nil, errSerial
	case in.Units < 1:
		return nil, errNoUnits
	case in.Units > min(int64(s.cfg.MaxUnits), MaxRedeem):
		return nil, errUnits
	}
	if _, err := s.phones.Phone(ctx, c.account, c.openid); err != nil {
		return nil, err
	}
	if err := s.store.Redeem(ctx, Redemption{c.account, c.openid, in.Serial, in.Units}); err != nil {
		return nil, err
	}
	return map[string]any{"units": in.Units}, nil
}
