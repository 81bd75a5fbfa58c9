package packet_test

import (
	"context"
	"log/slog"
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/packet"
)

// TestWhatCannotBeRedeemed: each is refused in its words and reaches no store (CAM-2).
func TestWhatCannotBeRedeemed(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ who, body, reason string }{
		"no JSON":           {"o1", "units=5", "form"},
		"an unknown field":  {"o1", `{"serial":"s","units":5,"phone":"13800000001"}`, "form"},
		"no serial":         {"o1", `{"units":5}`, "serial"},
		"nothing":           {"o1", `{"serial":"s","units":0}`, "no_units"},
		"a negative amount": {"o1", `{"serial":"s","units":-5}`, "no_units"},
		"10^9 units":        {"o1", `{"serial":"s","units":1000000000}`, "too_many_units"},
		"without a number":  {"o2", `{"serial":"s","units":5}`, "unbound"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			g := newRig(t)
			g.refusal(g.call(tt.who, http.MethodPost, "demo/redeem", tt.body), "redeem", tt.reason)
			if len(g.books.redeems) != 0 {
				t.Errorf("reached the store: %+v", g.books.redeems)
			}
		})
	}
	for want, cause := range map[string]error{"poor": packet.ErrPoor, "serial_used": packet.ErrSerialUsed, "unavailable": errCut} {
		g := newRig(t)
		g.books.err = cause
		g.refusal(g.call("o1", http.MethodPost, "demo/redeem", `{"serial":"s","units":5}`), "redeem", want)
	}
	g := newRig(t)
	a := g.call("o1", http.MethodPost, "demo/redeem", `{"serial":"s","units":5}`)
	if diff := cmp.Diff([]packet.Redemption{{Account: "demo", OpenID: "o1", Serial: "s", Units: 5}}, g.books.redeems); a.status != http.StatusOK || a.Data["units"] != 5.0 || diff != "" {
		t.Errorf("%+v\n%s", a, diff)
	}
}

// phones is a carrier and the redemptions on the way to it.
type phones struct {
	mu   sync.Mutex
	way  []packet.Redemption
	at   map[string]time.Time // when a redemption is due again
	ends map[string]packet.OrderEnd
	errs map[string]error
	said []string
}

func (p *phones) Redeeming(_ context.Context, limit int) (due []packet.Redemption, _ error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, r := range p.way {
		if !p.at[r.Serial].After(time.Now()) && len(due) < limit {
			due = append(due, r)
		}
	}
	return due, p.errs["store"]
}

func (p *phones) Settle(_ context.Context, r packet.Redemption, done bool) (bool, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[r.Serial] = time.Now().AddDate(1, 0, 0)
	p.said = append(p.said, map[bool]string{true: "done ", false: "refused "}[done]+r.Serial)
	return true, nil
}

func (p *phones) Later(_ context.Context, r packet.Redemption, pause time.Duration) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.at[r.Serial] = time.Now().Add(pause)
	p.said = append(p.said, "later "+r.Serial+" "+pause.String())
	return nil
}

func (p *phones) Redeem(_ context.Context, r packet.Redemption) (packet.OrderEnd, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.ends[r.Serial], p.errs[r.Serial]
}

// TestRedeemer: an order that has ended settles the books, one under way is looked at again, and one
// that cannot be ordered rests and holds no other one up.
func TestRedeemer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		p := &phones{
			at: map[string]time.Time{}, ends: map[string]packet.OrderEnd{"b": packet.OrderDone, "c": packet.OrderRefused},
			errs: map[string]error{"a": errCut}, way: []packet.Redemption{{Serial: "a"}, {Serial: "b"}, {Serial: "c"}, {Serial: "d"}},
		}
		r, err := packet.NewRedeemer(time.Second, p, p, slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithCancel(t.Context())
		var group sync.WaitGroup
		group.Go(func() {
			if err := r.Run(ctx); err != nil {
				t.Error(err)
			}
		})
		time.Sleep(1500 * time.Millisecond)
		synctest.Wait()
		p.mu.Lock()
		if got, want := strings.Join(p.said, ", "), "later a 1m0s, done b, refused c, later d 2s"; got != want {
			t.Errorf("%s; want %s", got, want)
		}
		p.said, p.ends["d"] = nil, packet.OrderDone
		p.mu.Unlock()
		time.Sleep(2 * time.Second)
		synctest.Wait()
		p.mu.Lock()
		if got := strings.Join(p.said, ", "); got != "done d" {
			t.Errorf("then %s", got)
		}
		p.mu.Unlock()
		cancel()
		group.Wait()
	})
	if _, err := packet.NewRedeemer(0, &phones{}, &phones{}, slog.New(slog.DiscardHandler), nil); err == nil {
		t.Error("looks without a pause between are accepted")
	}
}
