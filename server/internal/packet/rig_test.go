package packet_test

import (
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/binding"
	"oalab/server/internal/packet"
	"oalab/server/internal/web"
)

// books is a store of one packet's worth of answers, and notes what was asked.
type books struct {
	mu      sync.Mutex
	sent    []packet.Packet
	issued  map[string]int64
	grabs   int
	redeems []packet.Redemption
	err     error // of every call
	grabErr error
	units   int64
	due     []string
	failing map[string]bool // returns that fail
	ended   map[string]int
}

func (b *books) Clock(context.Context) (time.Time, error) {
	return time.Date(2026, 12, 31, 16, 30, 0, 0, time.UTC), b.err // the next day in China
}

func (b *books) Issue(_ context.Context, _, openid, serial string, units int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if _, there := b.issued[openid+" "+serial]; there {
		return packet.ErrRepeated
	}
	if b.issued == nil {
		b.issued = make(map[string]int64)
	}
	b.issued[openid+" "+serial] = units
	return b.err
}

func (b *books) Send(_ context.Context, p packet.Packet) (packet.Stored, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.sent, p)
	return packet.Stored{ID: p.ID, Units: p.Units(), Shares: len(p.Shares), Ends: time.UnixMilli(1)}, b.err
}

func (b *books) Grab(context.Context, string, string, string) (int64, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.grabs++
	return b.units, errors.Join(b.err, b.grabErr)
}

func (b *books) Look(_ context.Context, _, id, openid string) (packet.Stored, error) {
	return packet.Stored{ID: id, Sender: openid, Split: "simplex", Units: 9, Shares: 3, Taken: 1, Has: true}, b.err
}

func (b *books) Balance(context.Context, string, string) (int64, error) { return 42, b.err }

func (b *books) History(_ context.Context, _, _ string, before time.Time, _ int) ([]packet.Movement, error) {
	return []packet.Movement{
		{Out: packet.BookPacket, In: packet.BookBalance, Units: 1, Packet: "p", At: before},
		{Out: packet.BookPacket, In: packet.BookBalance, Units: 2, Packet: "p", Serial: "return:p"},
		{Out: packet.BookBalance, In: packet.BookPacket, Units: 3, Packet: "p", Serial: "send:s"},
		{Out: packet.BookIssued, In: packet.BookBalance, Units: 4, Serial: "daily:2026-12-31"},
	}, b.err
}

func (b *books) Redeem(_ context.Context, r packet.Redemption) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.redeems = append(b.redeems, r)
	return b.err
}

func (b *books) Due(_ context.Context, limit int) ([]string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.due[:min(limit, len(b.due))], b.err
}

var errCut = errors.New("connection cut")

func (b *books) Return(_ context.Context, id string) (packet.Returned, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.failing[id] {
		return packet.Returned{}, errCut
	}
	b.ended[id]++
	for i, d := range b.due {
		if d == id {
			b.due = append(b.due[:i:i], b.due[i+1:]...)
			break
		}
	}
	return packet.Returned{First: b.ended[id] == 1, Units: 5, Shares: 2}, nil
}

// state is what is due, and how many packets have ended.
func (b *books) state() (due []string, ended int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return slices.Clone(b.due), len(b.ended)
}

// heal lets a packet be returned.
func (b *books) heal(id string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.failing[id] = false
}

// memory is a gate.
type memory struct {
	known  map[string]packet.Known
	closed map[string]error
}

func (m *memory) Look(_ context.Context, account, id, openid string) packet.Known {
	k := m.known[account+" "+id+" "+openid]
	k.Closed = m.closed[account+" "+id]
	return k
}

func (m *memory) Close(_ context.Context, account, id string, why error) {
	m.closed[account+" "+id] = why
}

func (m *memory) Grabbed(_ context.Context, account, id, openid string, units int64) {
	m.known[account+" "+id+" "+openid] = packet.Known{Has: true, Mine: units}
}

// people are logged in by the header X-Who.
type people struct{}

func (people) Follower(_ http.ResponseWriter, r *http.Request, account string) (packet.Follower, error) {
	who := r.Header.Get("X-Who")
	if who == "" || account != "demo" {
		return packet.Follower{}, web.ErrUnauthorized
	}
	return packet.Follower{OpenID: who, Snapshot: who == "snapshot"}, nil
}

// talk is how many messages followers have sent.
type talk struct {
	messages int
	err      error
}

func (a *talk) Messages(_ context.Context, _, _ string, _ time.Time, limit int) (int, error) {
	return min(limit, a.messages), a.err
}

// numbers are bound by all followers except o2.
type numbers struct{}

func (numbers) Phone(_ context.Context, _, openid string) (string, error) {
	if openid == "o2" {
		return "", binding.ErrUnbound
	}
	return "13800000000", nil
}

type rig struct {
	t     *testing.T
	books *books
	gate  *memory
	talk  *talk
	reg   *prometheus.Registry
	s     *packet.Service
	h     http.Handler
}

func newRig(t *testing.T, change ...func(*packet.Config)) *rig {
	t.Helper()
	g := &rig{
		t: t, books: &books{units: 7, ended: map[string]int{}, failing: map[string]bool{}}, talk: &talk{}, reg: prometheus.NewPedanticRegistry(),
		gate: &memory{known: map[string]packet.Known{}, closed: map[string]error{}},
	}
	cfg := packet.Config{Settings: packet.DefaultSettings(), Accounts: []string{"demo"}, Zone: time.FixedZone("china", 8*3600)}
	for _, c := range change {
		c(&cfg)
	}
	var err error
	if g.s, err = packet.New(cfg, g.books, g.gate, people{}, g.talk, numbers{}, slog.New(slog.DiscardHandler), g.reg); err != nil {
		t.Fatal(err)
	}
	site, err := web.New(slog.New(slog.DiscardHandler), g.s.Routes()...)
	if err != nil {
		t.Fatal(err)
	}
	g.h = site.Handler()
	return g
}

type answer struct {
	status  int
	retry   string
	Code    int            `json:"code"`
	Message string         `json:"message"`
	Data    map[string]any `json:"data"`
}

func (g *rig) call(who, method, path, body string) answer {
	g.t.Helper()
	r := httptest.NewRequestWithContext(g.t.Context(), method, "/api/v1/packets/"+path, strings.NewReader(body))
	if who != "" {
		r.Header.Set("X-Who", who)
	}
	w := httptest.NewRecorder()
	g.h.ServeHTTP(w, r)
	a := answer{status: w.Code, retry: w.Header().Get("Retry-After")}
	if err := json.Unmarshal(w.Body.Bytes(), &a); err != nil {
		g.t.Fatalf("%s: %v", w.Body, err)
	}
	return a
}

// counted is the value of oalab_packet_calls_total.
func (g *rig) counted(call, result string) (n float64) {
	g.t.Helper()
	families, err := g.reg.Gather()
	if err != nil {
		g.t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != "oalab_packet_calls_total" {
			continue
		}
		for _, m := range f.GetMetric() {
			labels := map[string]string{}
			for _, l := range m.GetLabel() {
				labels[l.GetName()] = l.GetValue()
			}
			if labels["call"] == call && labels["result"] == result {
				return m.GetCounter().GetValue()
			}
		}
	}
	g.t.Fatalf("no metric of %s %s", call, result)
	return 0
}
