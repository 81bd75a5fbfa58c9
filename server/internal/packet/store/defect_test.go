//go:build defects

package packetstore

import (
	"errors"
	"testing"

	"oalab/server/internal/packet"
	"oalab/server/internal/sqldb/sqldbtest"
)

// With the defect, a follower who grabs again gets another share.
func TestDefectGrabNotUnique(t *testing.T) {
	t.Parallel()
	s := open(t, sqldbtest.NewSQLite(t))
	for _, plant := range []bool{false, true} {
		planted, openid := Plant(s, Defects{GrabNotUnique: plant}), sqldbtest.Unique("o")
		p := send(t, s, made(rich(t, s, 10), 1, 2, 3))
		got := 0
		for range 3 {
			if _, err := planted.Grab(t.Context(), account, p.ID, openid); err == nil {
				got++
			} else if !errors.Is(err, packet.ErrGrabbed) {
				t.Error(err)
			}
		}
		if want := pick(plant, 3, 1); got != want {
			t.Errorf("%t: %d shares, want %d", plant, got, want)
		}
	}
}

// With the defect, the sender gets the rest twice, and the books show it.
func TestDefectReturnTwice(t *testing.T) {
	t.Parallel()
	s := open(t, sqldbtest.NewSQLite(t))
	for _, plant := range []bool{false, true} {
		planted := Plant(s, Defects{ReturnTwice: plant})
		sender := rich(t, s, 10)
		p := send(t, s, made(sender, 4, 5))
		expire(t, s, p.ID)
		for range 2 {
			if _, err := planted.Return(t.Context(), p.ID); err != nil {
				t.Error(err)
			}
		}
		balanced(t, s, sender, pick[int64](plant, 19, 10))
		if b, err := s.Books(t.Context()); err != nil || (b.Missing == 0) == plant {
			t.Errorf("%t: %+v, %v", plant, b, err)
		}
	}
}

// With the defect, two servers give the same shares to several followers.
func TestDefectGateAllocates(t *testing.T) {
	t.Parallel()
	s := open(t, sqldbtest.NewSQLite(t))
	for _, plant := range []bool{false, true} {
		p := send(t, s, made(rich(t, s, 10), 4, 6))
		won := 0
		for range 2 {
			server := Plant(s, Defects{GateAllocates: plant})
			for range 3 {
				if _, err := server.Grab(t.Context(), account, p.ID, sqldbtest.Unique("o")); err == nil {
					won++
				} else if !errors.Is(err, packet.ErrSoldOut) {
					t.Error(err)
				}
			}
		}
		if want := pick(plant, 4, 2); won != want {
			t.Errorf("%t: %d winners of 2 shares, want %d", plant, won, want)
		}
		if b, err := s.Books(t.Context()); err != nil || (b.Missing == 0) == plant {
			t.Errorf("%t: %+v, %v", plant, b, err)
		}
	}
}
