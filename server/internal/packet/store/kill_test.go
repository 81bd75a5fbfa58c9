package packetstore

import (
	"context"
	"database/sql"
	"errors"
	"os"
	"testing"
	"time"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/packet"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

var errKilled = errors.New("killed")

// mortal lets a work run to its at-th statement, and no further: the statement is not sent, or
// its answer is lost.
type mortal struct {
	tx
	at, step *int
	deliver  bool
}

func (m mortal) die() bool {
	*m.step++
	return *m.step == *m.at
}

func (m mortal) ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error) {
	dies := m.die()
	if dies && !m.deliver {
		return nil, errKilled
	}
	result, err := m.tx.ExecContext(ctx, query, args...)
	if dies && err == nil {
		err = errKilled
	}
	return result, err
}

func (m mortal) QueryxContext(ctx context.Context, query string, args ...any) (*sqlx.Rows, error) {
	if m.die() {
		return nil, errKilled
	}
	return m.tx.QueryxContext(ctx, query, args...)
}

func (m mortal) QueryRowxContext(ctx context.Context, query string, args ...any) *sqlx.Row {
	if m.die() {
		ended, cancel := context.WithCancel(ctx)
		cancel()
		return m.tx.QueryRowxContext(ended, query, args...)
	}
	return m.tx.QueryRowxContext(ctx, query, args...)
}

func TestKillAtEveryStepSQLite(t *testing.T) { killAtEveryStep(t, sqldbtest.NewSQLite(t)) }

func TestKillAtEveryStepMySQL(t *testing.T) {
	t.Parallel()
	killAtEveryStep(t, sqldbtest.NewMySQL(t, os.Getenv))
}

// killAtEveryStep kills each work at each of its statements, before the statement and after it,
// and after the commit. Nothing is changed then, or all of it; the work done once more has its
// effect once (CAM-5).
func killAtEveryStep(t *testing.T, cfg sqldb.Config) {
	t.Helper()
	s := open(t, cfg)
	for name, work := range map[string]func(t *testing.T) (do func() error, check func(t *testing.T, done bool), repeated error){
		"issue": func(t *testing.T) (func() error, func(*testing.T, bool), error) {
			t.Helper()
			openid := rich(t, s, 5)
			return func() error { return s.Issue(t.Context(), account, openid, "more", 7) },
				func(t *testing.T, done bool) { t.Helper(); balanced(t, s, openid, pick[int64](done, 12, 5)) }, packet.ErrRepeated
		},
		"send": func(t *testing.T) (func() error, func(*testing.T, bool), error) {
			t.Helper()
			sender := rich(t, s, 10)
			p := made(sender, 3, 4)
			return func() error { _, err := s.Send(t.Context(), p); return err },
				func(t *testing.T, done bool) {
					t.Helper()
					balanced(t, s, sender, pick[int64](done, 3, 10))
					_, err := s.Look(t.Context(), account, p.ID, sender)
					refused(t, err, pick(done, nil, packet.ErrNoPacket))
				}, nil
		},
		"grab": func(t *testing.T) (func() error, func(*testing.T, bool), error) {
			t.Helper()
			p, taker := send(t, s, made(rich(t, s, 10), 6, 4)), sqldbtest.Unique("o")
			return func() error { _, err := s.Grab(t.Context(), account, p.ID, taker); return err },
				func(t *testing.T, done bool) {
					t.Helper()
					balanced(t, s, taker, pick[int64](done, 6, 0))
					if seen, err := s.Look(t.Context(), account, p.ID, taker); err != nil || seen.Has != done || seen.Taken != pick(done, 1, 0) {
						t.Errorf("%+v, %v", seen, err)
					}
				}, packet.ErrGrabbed
		},
		"return": func(t *testing.T) (func() error, func(*testing.T, bool), error) {
			t.Helper()
			sender := rich(t, s, 10)
			p := send(t, s, made(sender, 6, 4))
			if _, err := s.Grab(t.Context(), account, p.ID, sqldbtest.Unique("o")); err != nil {
				t.Fatal(err)
			}
			expire(t, s, p.ID)
			return func() error { _, err := s.Return(t.Context(), p.ID); return err },
				func(t *testing.T, done bool) { t.Helper(); balanced(t, s, sender, pick[int64](done, 4, 0)) }, nil
		},
		"redeem": func(t *testing.T) (func() error, func(*testing.T, bool), error) {
			t.Helper()
			r := packet.Redemption{Account: account, OpenID: rich(t, s, 10), Serial: "s", Units: 7}
			return func() error { return s.Redeem(t.Context(), r) },
				func(t *testing.T, done bool) { t.Helper(); balanced(t, s, r.OpenID, pick[int64](done, 3, 10)) }, nil
		},
		"settle what was refused": func(t *testing.T) (func() error, func(*testing.T, bool), error) {
			t.Helper()
			r := onTheWay(t, s, 10, 7)
			return func() error { _, err := s.Settle(t.Context(), r, false); return err },
				func(t *testing.T, done bool) { t.Helper(); balanced(t, s, r.OpenID, pick[int64](done, 10, 3)) }, nil
		},
		"settle what was done": func(t *testing.T) (func() error, func(*testing.T, bool), error) {
			t.Helper()
			r := onTheWay(t, s, 10, 7)
			return func() error { _, err := s.Settle(t.Context(), r, true); return err },
				func(t *testing.T, done bool) {
					t.Helper()
					balanced(t, s, r.OpenID, 3)
					if lines, err := s.History(t.Context(), account, r.OpenID, time.Now().AddDate(1, 0, 0), 9); err != nil || len(lines) != pick(done, 3, 2) {
						t.Errorf("%+v, %v", lines, err)
					}
				}, nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			steps := 0
			for _, deliver := range []bool{false, true} {
				for at := 1; ; at++ {
					do, check, repeated := work(t)
					step := 0
					s.steps = func(real tx) tx { return mortal{real, &at, &step, deliver} }
					err := do()
					s.steps = nil
					killed := step >= at
					if killed != (err != nil) {
						t.Fatalf("killed at %d of %d: %v", at, step, err)
					}
					check(t, !killed)
					err = do()
					if killed {
						refused(t, err, nil)
					} else {
						refused(t, err, repeated) // the answer of the first was lost after its commit
					}
					check(t, true)
					if !killed {
						steps = step
						break
					}
				}
			}
			if steps < 2 {
				t.Errorf("a whole work had %d steps: the steps are not seen", steps)
			}
			conserved(t, s)
		})
	}
}

func pick[T any](first bool, a, b T) T {
	if first {
		return a
	}
	return b
}

// TestACallerWhoGivesUp: a grab whose context ends gives the follower a share or nothing.
func TestACallerWhoGivesUp(t *testing.T) {
	s := open(t, sqldbtest.NewSQLite(t))
	shares := make([]int, 60)
	for i := range shares {
		shares[i] = 1
	}
	p := send(t, s, made(rich(t, s, 60), shares...))
	var sum int64
	for i := range 60 {
		ctx, cancel := context.WithTimeout(t.Context(), time.Duration(i*20)*time.Microsecond)
		openid := sqldbtest.Unique("o")
		_, err := s.Grab(ctx, account, p.ID, openid)
		cancel()
		units, lost := s.Balance(t.Context(), account, openid)
		if lost != nil || err == nil && units != 1 {
			t.Errorf("%d units after %v, %v", units, err, lost)
		}
		sum += units
	}
	if seen, err := s.Look(t.Context(), account, p.ID, "o"); err != nil || int64(seen.Taken) != sum {
		t.Errorf("%d shares taken, %d units received, %v", seen.Taken, sum, err)
	}
	conserved(t, s)
}
