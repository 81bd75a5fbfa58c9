package packetstore

import (
	"testing"

	"oalab/server/internal/sqldb/sqldbtest"
)

// TestAGrabIsThreeStatements: what a follower gets costs three statements, one who comes too late
// two, and none of them is sent again (CAM-6).
func TestAGrabIsThreeStatements(t *testing.T) {
	s := open(t, sqldbtest.NewSQLite(t))
	p := send(t, s, made(rich(t, s, 7), 7))
	counted := func(who string) (n int, err error) {
		never := 0
		s.steps = func(real tx) tx { return mortal{real, &never, &n, true} }
		_, err = s.Grab(t.Context(), account, p.ID, who)
		return n, err
	}
	if n, err := counted("oFirst"); err != nil || n != 3 {
		t.Errorf("a grab is %d statements, %v; want 3", n, err)
	}
	if n, err := counted("oLate"); err == nil || n != 1 {
		t.Errorf("a grab of nothing is %d statements in its transaction, %v; want 1", n, err)
	}
}
