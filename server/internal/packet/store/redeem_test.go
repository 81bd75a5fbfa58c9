package packetstore

import (
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oalab/server/internal/packet"
)

// onTheWay is a redemption of a new follower.
func onTheWay(t *testing.T, s *Store, has, units int64) packet.Redemption {
	t.Helper()
	r := packet.Redemption{Account: account, OpenID: rich(t, s, has), Serial: "s", Units: units}
	if err := s.Redeem(t.Context(), r); err != nil {
		t.Fatal(err)
	}
	return r
}

// due says whether a redemption is to be looked at.
func due(t *testing.T, s *Store, r packet.Redemption) bool {
	t.Helper()
	all, err := s.Redeeming(t.Context(), 1000)
	if err != nil {
		t.Fatal(err)
	}
	return slices.Contains(all, r)
}

// redeemedOnce: a redemption leaves the balance once and has one end (CAM-2, CAM-5).
func redeemedOnce(t *testing.T, s *Store) {
	r := onTheWay(t, s, 100, 30)
	refused(t, s.Redeem(t.Context(), r), nil)
	other := r
	other.Units = 31
	refused(t, s.Redeem(t.Context(), other), packet.ErrSerialUsed)
	other.Serial, other.Units = "more", 71
	refused(t, s.Redeem(t.Context(), other), packet.ErrPoor)
	balanced(t, s, r.OpenID, 70)
	if b, err := s.Books(t.Context()); err != nil || b.Redeeming < 30 || !due(t, s, r) || due(t, s, other) {
		t.Errorf("%+v, %v", b, err)
	}
	if err := s.Later(t.Context(), r, time.Hour); err != nil || due(t, s, r) {
		t.Errorf("it is due at once: %v", err)
	}
	if err := s.Later(t.Context(), r, 0); err != nil || !due(t, s, r) {
		t.Errorf("it is never due again: %v", err)
	}
	for i, done := range []bool{true, false, true} {
		if first, err := s.Settle(t.Context(), r, done); err != nil || first != (i == 0) {
			t.Errorf("settled %d times: %v, %v", i+1, first, err)
		}
	}
	balanced(t, s, r.OpenID, 70)
	if err := s.Later(t.Context(), r, 0); err != nil || due(t, s, r) {
		t.Errorf("it is due after its end: %v", err)
	}
	other.Units = 70
	refused(t, s.Redeem(t.Context(), other), nil)
	balanced(t, s, r.OpenID, 0)
	if first, err := s.Settle(t.Context(), other, false); err != nil || !first {
		t.Errorf("%v, %v", first, err)
	}
	balanced(t, s, r.OpenID, 70)
	if first, err := s.Settle(t.Context(), packet.Redemption{Account: account, OpenID: r.OpenID, Serial: "none", Units: 5}, false); err != nil || first {
		t.Errorf("what never was is settled: %v, %v", first, err)
	}
}

// redeemedAtOnce: of many redemptions at once those are stored that the balance has, and of many
// ends at once each has one.
func redeemedAtOnce(t *testing.T, s *Store) {
	openid := rich(t, s, 50)
	all := make([]packet.Redemption, 16)
	var stored, ended atomic.Int64
	var group sync.WaitGroup
	for i := range all {
		all[i] = packet.Redemption{Account: account, OpenID: openid, Serial: string(rune('a' + i)), Units: 10}
		group.Go(func() {
			if s.Redeem(t.Context(), all[i]) == nil {
				stored.Add(1)
			}
		})
	}
	group.Wait()
	if stored.Load() != 5 {
		t.Errorf("%d redemptions of 10 out of 50", stored.Load())
	}
	balanced(t, s, openid, 0)
	for i := range all {
		for _, done := range []bool{false, true} {
			group.Go(func() {
				if first, err := s.Settle(t.Context(), all[i], done); err == nil && first {
					ended.Add(1)
				}
			})
		}
	}
	group.Wait()
	if ended.Load() != 5 {
		t.Errorf("%d of 5 redemptions have ended", ended.Load())
	}
}
