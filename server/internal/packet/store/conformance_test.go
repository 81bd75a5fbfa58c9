package packetstore

import (
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/packet"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func TestSQLite(t *testing.T) {
	conformance(t, func(t *testing.T) sqldb.Config { t.Helper(); return sqldbtest.NewSQLite(t) })
}

// One database for all: the tests use keys of their own.
func TestMySQL(t *testing.T) {
	cfg := sqldbtest.NewMySQL(t, os.Getenv)
	conformance(t, func(*testing.T) sqldb.Config { return cfg })
}

// conformance is what every engine must do (CAM-2, CAM-4, CAM-5).
func conformance(t *testing.T, config func(t *testing.T) sqldb.Config) {
	t.Helper()
	for name, test := range map[string]func(*testing.T, *Store){
		"units are issued once": issuedOnce, "a packet is sent once": sentOnce, "sends at once never overdraw": neverOverdrawn,
		"a serial sent many times at once is one packet": oneSerialAtOnce, "shares go in their order": inOrder,
		"each refusal has its error": refusals, "200 grabbers on 50 shares": crowd, "a grab costs three statements": cost,
		"a packet returns its rest once": returnsOnce, "grabs and returns at the same instant": atTheEdge,
		"a packet of many shares": large, "a history has no gap": history, "data is redeemed once": redeemedOnce, "redemptions at once never overdraw": redeemedAtOnce,
	} {
		t.Run(name, func(t *testing.T) {
			s := open(t, config(t))
			test(t, s)
			conserved(t, s)
		})
	}
}

func issuedOnce(t *testing.T, s *Store) {
	openid := rich(t, s, 100)
	refused(t, s.Issue(t.Context(), account, openid, "gift", 100), packet.ErrRepeated)
	balanced(t, s, openid, 100)
	if err := s.Issue(t.Context(), account, openid, "second", 1); err != nil {
		t.Error(err)
	}
	balanced(t, s, openid, 101)
	balanced(t, s, sqldbtest.Unique("o"), 0)
	if err := s.Issue(t.Context(), account, openid, "nothing", 0); err == nil {
		t.Error("a movement of 0 units was stored")
	}
}

func sentOnce(t *testing.T, s *Store) {
	sender := rich(t, s, 100)
	p := made(sender, 3, 4, 5)
	first, err := s.Send(t.Context(), p)
	if err != nil {
		t.Fatal(err)
	}
	if first.ID != p.ID || first.Units != 12 || first.Shares != 3 || first.Wish != p.Wish || first.Ends.Sub(first.Began) != time.Hour {
		t.Errorf("%+v", first)
	}
	again := p
	again.ID, again.Shares = sqldbtest.Unique("p"), []int{5, 4, 3} // a repeat is divided anew
	second, err := s.Send(t.Context(), again)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, second); diff != "" {
		t.Errorf("-first +repeat\n%s", diff)
	}
	balanced(t, s, sender, 88)
	for _, other := range []func(*packet.Packet){
		func(o *packet.Packet) { o.Shares = []int{12} }, func(o *packet.Packet) { o.Shares = []int{3, 4, 6} },
		func(o *packet.Packet) { o.Wish = "" }, func(o *packet.Packet) { o.Taker = "o" }, func(o *packet.Packet) { o.Split = "simplex" },
	} {
		o := again
		other(&o)
		_, err := s.Send(t.Context(), o)
		refused(t, err, packet.ErrSerialUsed)
	}
	_, err = s.Send(t.Context(), made(sender, 89))
	refused(t, err, packet.ErrPoor)
	balanced(t, s, sender, 88)
	// A packet that was refused is not there: the serial is free.
	poor := made(sender, 100)
	_, err = s.Send(t.Context(), poor)
	refused(t, err, packet.ErrPoor)
	poor.Shares = []int{88}
	send(t, s, poor)
	balanced(t, s, sender, 0)
}

func neverOverdrawn(t *testing.T, s *Store) {
	sender := rich(t, s, 100)
	defer watched(t, s)()
	var sent atomic.Int32
	var wg sync.WaitGroup
	for range 25 {
		wg.Go(func() {
			switch _, err := s.Send(t.Context(), made(sender, 10)); {
			case err == nil:
				sent.Add(1)
			case !errors.Is(err, packet.ErrPoor):
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if sent.Load() != 10 {
		t.Errorf("%d packets of 10 units from a balance of 100", sent.Load())
	}
	balanced(t, s, sender, 0)
}

func oneSerialAtOnce(t *testing.T, s *Store) {
	sender := rich(t, s, 100)
	p := made(sender, 7)
	ids := make(chan string, 16)
	var wg sync.WaitGroup
	for range 16 {
		wg.Go(func() {
			same := p
			same.ID = sqldbtest.Unique("p")
			got, err := s.Send(t.Context(), same)
			if err != nil {
				t.Error(err)
			}
			ids <- got.ID
		})
	}
	wg.Wait()
	close(ids)
	first := <-ids
	for id := range ids {
		if id != first {
			t.Errorf("packets %s and %s", first, id)
		}
	}
	balanced(t, s, sender, 93)
}

func inOrder(t *testing.T, s *Store) {
	sender := rich(t, s, 100)
	p := send(t, s, made(sender, 30, 0, 20, 1))
	for _, want := range []int64{30, 0, 20, 1} {
		openid := sqldbtest.Unique("o")
		got, err := s.Grab(t.Context(), account, p.ID, openid)
		if err != nil || got != want {
			t.Errorf("grabbed %d, %v; want %d", got, err, want)
		}
		balanced(t, s, openid, want)
		seen, err := s.Look(t.Context(), account, p.ID, openid)
		if err != nil || !seen.Has || seen.Mine != want || seen.Over {
			t.Errorf("%+v, %v", seen, err)
		}
	}
	seen, err := s.Look(t.Context(), account, p.ID, sender)
	if err != nil || seen.Has || seen.Taken != 4 || seen.Units != 51 || seen.Sender != sender {
		t.Errorf("%+v, %v", seen, err)
	}
}

func refusals(t *testing.T, s *Store) {
	sender, one, two := rich(t, s, 100), sqldbtest.Unique("o"), sqldbtest.Unique("o")
	p := send(t, s, made(sender, 5))
	grab := func(account, id, openid string, want error) {
		t.Helper()
		_, err := s.Grab(t.Context(), account, id, openid)
		refused(t, err, want)
	}
	grab(account, "unknown", one, packet.ErrNoPacket)
	grab("other", p.ID, one, packet.ErrNoPacket)
	grab(account, p.ID, sender, packet.ErrOwn)
	if _, err := s.Look(t.Context(), "other", p.ID, one); !errors.Is(err, packet.ErrNoPacket) {
		t.Error(err)
	}
	private := made(sender, 6)
	private.Taker = two
	send(t, s, private)
	grab(account, private.ID, one, packet.ErrNotForYou)
	if units, err := s.Grab(t.Context(), account, private.ID, two); err != nil || units != 6 {
		t.Errorf("%d, %v", units, err)
	}
	if units, err := s.Grab(t.Context(), account, p.ID, one); err != nil || units != 5 {
		t.Errorf("%d, %v", units, err)
	}
	if units, err := s.Grab(t.Context(), account, p.ID, one); !errors.Is(err, packet.ErrGrabbed) || units != 5 {
		t.Errorf("%d, %v", units, err)
	}
	grab(account, p.ID, two, packet.ErrSoldOut)
	grab(account, p.ID, sender, packet.ErrOwn)
	// A second grab while there are shares is refused by the unique key.
	more := send(t, s, made(sender, 1, 2))
	if units, err := s.Grab(t.Context(), account, more.ID, one); err != nil || units != 1 {
		t.Errorf("%d, %v", units, err)
	}
	if units, err := s.Grab(t.Context(), account, more.ID, one); !errors.Is(err, packet.ErrGrabbed) || units != 1 {
		t.Errorf("%d, %v", units, err)
	}
	balanced(t, s, one, 6)
	// After its end: one that gave something back has ended, another one is sold out.
	short, full := made(sender, 3), made(sender, 4)
	short.Life, full.Life = time.Millisecond, time.Minute
	send(t, s, short)
	send(t, s, full)
	if units, err := s.Grab(t.Context(), account, full.ID, two); err != nil || units != 4 {
		t.Errorf("%d, %v", units, err)
	}
	expire(t, s, full.ID)
	expire(t, s, short.ID)
	grab(account, short.ID, one, packet.ErrEnded)
	grab(account, full.ID, one, packet.ErrSoldOut)
	if _, err := s.Return(t.Context(), short.ID); err != nil {
		t.Error(err)
	}
	grab(account, short.ID, one, packet.ErrEnded)
	grab(account, full.ID, two, packet.ErrGrabbed)
}

// expire puts the end of a packet into the past.
func expire(t *testing.T, s *Store, id string) {
	t.Helper()
	if _, err := s.One(t.Context(), "expire a packet", "UPDATE packet SET ends_at = "+s.Dialect.Now+" - 1 WHERE id = ?", id); err != nil {
		t.Fatal(err)
	}
}

// crowd: 200 requests of 100 followers, each twice at once, on 50 shares.
func crowd(t *testing.T, s *Store) {
	shares := make([]int, 50)
	total := int64(0)
	for i := range shares {
		shares[i] = i % 7
		total += int64(shares[i])
	}
	sender := rich(t, s, total)
	p := send(t, s, made(sender, shares...))
	defer watched(t, s)()
	var mu sync.Mutex
	won := map[string]int64{}
	var wg sync.WaitGroup
	start := make(chan struct{})
	prefix := sqldbtest.Unique("o")
	for i := range 200 {
		openid := fmt.Sprintf("%s%03d", prefix, i/2)
		wg.Go(func() {
			<-start
			for {
				units, err := s.Grab(t.Context(), account, p.ID, openid)
				if errors.Is(err, packet.ErrBusy) {
					continue
				}
				mu.Lock()
				defer mu.Unlock()
				switch {
				case err == nil:
					if _, twice := won[openid]; twice {
						t.Errorf("%s won twice", openid)
					}
					won[openid] = units
				case !errors.Is(err, packet.ErrSoldOut) && !errors.Is(err, packet.ErrGrabbed):
					t.Error(err)
				}
				return
			}
		})
	}
	close(start)
	wg.Wait()
	sum := int64(0)
	for openid, units := range won {
		sum += units
		balanced(t, s, openid, units)
	}
	if len(won) != 50 || sum != total {
		t.Errorf("%d winners of %d units, want 50 of %d", len(won), sum, total)
	}
}

// cost: one grab sends three statements at most, and none but those (CAM-6).
func cost(t *testing.T, s *Store) {
	sender := rich(t, s, 100)
	p := send(t, s, made(sender, 1, 1, 1))
	for range 3 {
		before := s.Statements()
		if _, err := s.Grab(t.Context(), account, p.ID, sqldbtest.Unique("o")); err != nil {
			t.Fatal(err)
		}
		if n := s.Statements() - before; n > 3 {
			t.Errorf("a grab sent %d statements", n)
		}
	}
	before := s.Statements()
	if _, err := s.Grab(t.Context(), account, p.ID, sqldbtest.Unique("o")); !errors.Is(err, packet.ErrSoldOut) {
		t.Error(err)
	}
	if n := s.Statements() - before; n > 3 {
		t.Errorf("a grab that got nothing sent %d statements", n)
	}
}

func returnsOnce(t *testing.T, s *Store) {
	sender, taker := rich(t, s, 100), sqldbtest.Unique("o")
	p := send(t, s, made(sender, 10, 20, 30))
	if r, err := s.Return(t.Context(), p.ID); err != nil || r.First {
		t.Errorf("before its end: %+v, %v", r, err)
	}
	if _, err := s.Grab(t.Context(), account, p.ID, taker); err != nil {
		t.Error(err)
	}
	expire(t, s, p.ID)
	due, err := s.Due(t.Context(), 1000)
	if err != nil || !slices.Contains(due, p.ID) {
		t.Errorf("%v, %v", due, err)
	}
	var firsts atomic.Int32
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			r, err := s.Return(t.Context(), p.ID)
			if err != nil {
				t.Error(err)
			}
			if r.First {
				firsts.Add(1)
				if r.Units != 50 || r.Shares != 2 || r.Sender != sender || r.Account != account {
					t.Errorf("%+v", r)
				}
			}
		})
	}
	wg.Wait()
	if firsts.Load() != 1 {
		t.Errorf("ended %d times", firsts.Load())
	}
	balanced(t, s, sender, 90)
	balanced(t, s, taker, 10)
	if due, err := s.Due(t.Context(), 1000); err != nil || slices.Contains(due, p.ID) {
		t.Errorf("%v, %v", due, err)
	}
}

// atTheEdge: followers grab, and servers return, while the packet ends. Each share goes to one
// follower or back, and none is lost.
func atTheEdge(t *testing.T, s *Store) {
	for round := range 4 {
		shares := make([]int, 40)
		for i := range shares {
			shares[i] = i + 1
		}
		sender := rich(t, s, 820)
		p := made(sender, shares...)
		p.Life = time.Duration(20+15*round) * time.Millisecond
		send(t, s, p)
		var grabbed, back atomic.Int64
		var ended atomic.Bool
		var wg sync.WaitGroup
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		for g := range 8 {
			wg.Go(func() {
				for i := 0; !ended.Load() && ctx.Err() == nil; i++ {
					units, err := s.Grab(ctx, account, p.ID, fmt.Sprintf("%s-%d-%d", p.ID, g, i))
					if err == nil {
						grabbed.Add(units)
						continue
					}
					if !errors.Is(err, packet.ErrEnded) && !errors.Is(err, packet.ErrSoldOut) && !errors.Is(err, packet.ErrBusy) {
						t.Error(err)
					}
				}
			})
		}
		for range 3 {
			wg.Go(func() {
				for !ended.Load() && ctx.Err() == nil {
					r, err := s.Return(ctx, p.ID)
					if err != nil {
						t.Error(err)
					}
					if r.First {
						back.Add(r.Units)
						ended.Store(true)
					}
				}
			})
		}
		wg.Wait()
		cancel()
		if grabbed.Load()+back.Load() != 820 || !ended.Load() {
			t.Errorf("%d grabbed and %d returned of 820", grabbed.Load(), back.Load())
		}
		balanced(t, s, sender, back.Load())
	}
}

func large(t *testing.T, s *Store) {
	shares := make([]int, 2*sharesAtOnce+1)
	for i := range shares {
		shares[i] = 1
	}
	sender := rich(t, s, int64(len(shares)))
	p := send(t, s, made(sender, shares...))
	if got, err := s.Look(t.Context(), account, p.ID, sender); err != nil || got.Shares != len(shares) || got.Units != int64(len(shares)) {
		t.Errorf("%+v, %v", got, err)
	}
	expire(t, s, p.ID)
	if r, err := s.Return(t.Context(), p.ID); err != nil || r.Shares != len(shares) {
		t.Errorf("%+v, %v", r, err)
	}
	balanced(t, s, sender, int64(len(shares)))
}

func history(t *testing.T, s *Store) {
	openid, other := rich(t, s, 100), rich(t, s, 100)
	for i := range 6 {
		send(t, s, made(openid, i+1))
		p := send(t, s, made(other, i+1))
		if _, err := s.Grab(t.Context(), account, p.ID, openid); err != nil {
			t.Fatal(err)
		}
	}
	all, err := s.History(t.Context(), account, openid, time.Now().Add(time.Hour), 100)
	if err != nil || len(all) != 13 {
		t.Fatalf("%d movements, %v", len(all), err)
	}
	if last := all[12]; last.Out != packet.BookIssued || last.In != packet.BookBalance || last.Units != 100 || last.Serial != "gift" {
		t.Errorf("%+v", last)
	}
	var paged []packet.Movement
	for before := time.Now().Add(time.Hour); ; {
		page, err := s.History(t.Context(), account, openid, before, 5)
		if err != nil {
			t.Fatal(err)
		}
		if len(page) == 0 {
			break
		}
		paged = append(paged, page...)
		before = page[len(page)-1].At
	}
	if diff := cmp.Diff(all, paged); diff != "" {
		t.Errorf("-all +paged\n%s", diff)
	}
}

// TestCut: a page ends between two milliseconds.
func TestCut(t *testing.T) {
	rows := func(at ...int64) (out []movementRow) {
		for _, a := range at {
			out = append(out, movementRow{Moved: a})
		}
		return out
	}
	for _, tt := range []struct {
		rows  []movementRow
		limit int
		want  int
	}{
		{rows(5, 4, 3), 3, 3}, {rows(5, 4, 3), 2, 2}, {rows(5, 4, 4), 2, 1}, {rows(5, 4, 4, 3), 3, 3}, {rows(4, 4, 4), 2, 2}, {nil, 2, 0},
	} {
		if got := len(cut(tt.rows, tt.limit)); got != tt.want {
			t.Errorf("%v at %d: %d, want %d", tt.rows, tt.limit, got, tt.want)
		}
	}
}
