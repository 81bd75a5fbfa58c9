package workload

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/scenarios/history"
)

// Bounds of a follower's patience with the red packets.
const (
	// packetPatience is how long a follower tries to get an answer.
	packetPatience = 12 * time.Second
	// packetPause is the time between two tries of which the first was not answered.
	packetPause = 100 * time.Millisecond
	// entering is how many followers log in at a time.
	entering = 32
)

// PartyConfig says where the calls of a Party go. All of it is required.
type PartyConfig struct {
	Plan  []history.PlannedOp // of PlanPackets; it must not change
	Conns http.RoundTripper
	// Base is the address of the service as browsers know it, Servers the host:port of each
	// server, or of the load balancer that is there.
	Base    string
	Servers []string
	Account string
	// Limit is that of one request.
	Limit time.Duration
}

// PacketPath is the path below which the red packets of an account are called.
func PacketPath(account string) string { return "/api/v1/packets/" + account + "/" }

// Party carries out a load of red packets: an operation is a call of a follower who is logged
// in, and is made again until it is answered. It is safe for concurrent use.
type Party struct {
	cfg      PartyConfig
	host     string
	balancer *balancer
	guests   map[string]*guest  // by openid
	packets  map[string]*packet // by name

	mu    sync.Mutex
	calls []history.PacketCall
}

// guest is a follower, who makes one call after the other.
type guest struct {
	mu     sync.Mutex
	way    *way
	cookie string
	sends  bool
}

// packet is one that was sent, or will be.
type packet struct {
	known chan struct{} // closed when the server has named it
	id    string
}

// NewParty makes a Party of the followers of a plan.
func NewParty(cfg PartyConfig) (*Party, error) {
	base, err := url.Parse(cfg.Base)
	if err != nil {
		return nil, fmt.Errorf("the address of the service: %w", err)
	}
	if len(cfg.Servers) == 0 {
		return nil, errors.New("followers cannot log in: there is no login server")
	}
	p := &Party{
		cfg: cfg, host: base.Host, guests: map[string]*guest{}, packets: map[string]*packet{},
		balancer: &balancer{next: cfg.Conns, host: base.Host, servers: cfg.Servers, sticky: true},
	}
	for _, op := range cfg.Plan {
		g := p.guests[op.OpenID]
		if g == nil {
			g = &guest{way: &way{balancer: p.balancer, follower: op.OpenID}}
			p.guests[op.OpenID] = g
		}
		if op.Event == history.PacketSend {
			g.sends = true
			p.packets[op.Key] = &packet{known: make(chan struct{})}
		}
	}
	return p, nil
}

// Enter logs all followers in, and lets those who will send a packet open the daily one, from
// which they have what they send.
func (p *Party) Enter(ctx context.Context) error {
	group, ctx := errgroup.WithContext(ctx)
	group.SetLimit(entering)
	for openID, g := range p.guests {
		group.Go(func() error {
			if err := p.enter(ctx, openID, g); err != nil {
				return fmt.Errorf("follower %s: %w", openID, err)
			}
			return nil
		})
	}
	return group.Wait()
}

func (p *Party) enter(ctx context.Context, openID string, g *guest) error {
	target := "/c/" + p.cfg.Account + "/"
	b := newBrowser(openID, p.balancer, p.cfg.Limit)
	link := p.cfg.Base + LoginPath(p.cfg.Account) + "?" + url.Values{"scope": {"base"}, "return": {target}}.Encode()
	if err := b.enter(ctx, link, target); err != nil {
		return fmt.Errorf("log in: %w", err)
	}
	at, err := url.Parse(p.cfg.Base)
	if err != nil {
		return err
	}
	var pairs []string
	for _, c := range b.client.Jar.Cookies(at) {
		pairs = append(pairs, c.Name+"="+c.Value)
	}
	g.cookie = strings.Join(pairs, "; ")
	if !g.sends {
		return nil
	}
	for try := 1; ; try++ {
		told, err := p.call(ctx, g, "daily", nil, try)
		switch {
		case err == nil && (told.status == http.StatusOK || told.Data.Reason == "opened"):
			return nil
		case err == nil && final(told.status):
			return fmt.Errorf("open the daily packet: status %d %s", told.status, told.Data.Reason)
		}
		if err := wait(ctx, packetPause); err != nil {
			return fmt.Errorf("open the daily packet: status %d: %w", told.status, err)
		}
	}
}

// Calls are those that were answered or given up, in the order of their ends.
func (p *Party) Calls() []history.PacketCall {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]history.PacketCall(nil), p.calls...)
}

// RoundTrip carries one operation out. Its answer has status 200 when the follower was told
// what became of it, also where that is a refusal. Otherwise it has the status of the last try.
func (p *Party) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close() // a RoundTripper must; there is nothing in it
	}
	seq, err := strconv.ParseUint(r.Header.Get(headerSeq), 10, 64)
	if err != nil || seq >= uint64(len(p.cfg.Plan)) {
		return nil, fmt.Errorf("operation %q: the plan has %d", r.Header.Get(headerSeq), len(p.cfg.Plan))
	}
	ctx, cancel := context.WithTimeout(r.Context(), packetPatience)
	defer cancel()
	op := &p.cfg.Plan[seq]
	g := p.guests[op.OpenID]
	g.mu.Lock()
	defer g.mu.Unlock()
	path, id, body := "send", "", []byte(op.Text)
	of := p.packets[op.Key]
	if op.Event != history.PacketSend {
		select {
		case <-of.known:
		case <-ctx.Done():
			return nil, fmt.Errorf("packet %s was not sent: %w", op.Key, context.Cause(ctx))
		}
		id, path, body = of.id, "packet/"+of.id+"/grab", nil
	}
	for try := 1; ; try++ {
		at := time.Now()
		told, err := p.call(ctx, g, path, body, try)
		c := history.PacketCall{
			Seq: seq, Try: try, At: at, TookS: time.Since(at).Seconds(), Event: op.Event, OpenID: op.OpenID, Packet: op.Key, ID: id,
			Status: told.status, Reason: told.Data.Reason, Units: told.Data.Units,
		}
		if err != nil {
			c.Status, c.Error = 0, err.Error()
		}
		if op.Event == history.PacketSend && c.Status == http.StatusOK {
			c.ID = told.Data.ID
			of.id = c.ID
			close(of.known)
		}
		p.note(c)
		if err == nil && final(c.Status) || wait(ctx, packetPause) != nil {
			return outcome(r, c, err)
		}
	}
}

func (p *Party) note(c history.PacketCall) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.calls = append(p.calls, c)
}

// final says whether a status tells what became of a call.
func final(status int) bool {
	return status >= http.StatusOK && status < http.StatusInternalServerError && status != http.StatusTooManyRequests
}

// outcome is what the generator sees of an operation.
func outcome(r *http.Request, c history.PacketCall, err error) (*http.Response, error) {
	if err != nil {
		return nil, err
	}
	status := c.Status
	if status == http.StatusConflict {
		status = http.StatusOK
	}
	return &http.Response{
		StatusCode: status, Status: fmt.Sprintf("%d %s", status, http.StatusText(status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r,
	}, nil
}

// packetAnswer is what the API of the red packets answers.
type packetAnswer struct {
	status int
	Data   struct {
		Reason string `json:"reason"`
		ID     string `json:"id"`
		Units  int64  `json:"units"`
	} `json:"data"`
}

// call makes one call of a follower. Each try goes to the next server.
func (p *Party) call(ctx context.Context, g *guest, path string, body []byte, try int) (told packetAnswer, err error) {
	ctx, cancel := context.WithTimeout(ctx, p.cfg.Limit)
	defer cancel()
	server := p.cfg.Servers[(g.way.first()+try-1)%len(p.cfg.Servers)]
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, "http://"+server+PacketPath(p.cfg.Account)+path, bytes.NewReader(body))
	if err != nil {
		return told, err
	}
	r.Host = p.host
	r.Header.Set("Cookie", g.cookie)
	r.Header.Set("X-Forwarded-For", g.way.address())
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	resp, err := p.cfg.Conns.RoundTrip(r)
	if err != nil {
		return told, err
	}
	told.status = resp.StatusCode
	text, err := io.ReadAll(io.LimitReader(resp.Body, mostPage))
	if closeErr := resp.Body.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return told, fmt.Errorf("read the answer: %w", err)
	}
	if err := json.Unmarshal(text, &told); err != nil && told.status < http.StatusInternalServerError { // a load balancer's own page is none of the API
		return told, fmt.Errorf("status %d without an envelope: %w", told.status, err)
	}
	return told, nil
}
