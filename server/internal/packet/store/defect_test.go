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
		planted, openid := Plant(s, plant, false), sqldbtest.Unique("o")
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
		planted := Plant(s, false, plant)
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
