package workload

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"oalab/scenarios/history"
)

// mostLater is how often a follower that is told to come later comes again.
const mostLater = 4

// CrowdConfig says where the visits of a Crowd go. All of it is required.
type CrowdConfig struct {
	Plan  []history.PlannedOp // of PlanLogins; it must not change
	Conns http.RoundTripper
	// Base is the address of the service as browsers know it, Servers the host:port of each
	// server behind the load balancer that is there.
	Base    string
	Servers []string
	Sticky  bool
	Account string
	// Limit is that of one request.
	Limit time.Duration
}

// Crowd carries out a load of logins: an operation is a visit in the browser of its follower,
// which keeps its cookies from one visit to the next. It is safe for concurrent use.
type Crowd struct {
	cfg      CrowdConfig
	balancer *balancer

	mu       sync.Mutex
	browsers map[string]*visitor // by openid
	visits   []history.Visit
}

// visitor is a follower, who makes one visit after the other.
type visitor struct {
	mu      sync.Mutex
	browser *browser
}

// NewCrowd makes a Crowd.
func NewCrowd(cfg CrowdConfig) (*Crowd, error) {
	base, err := url.Parse(cfg.Base)
	if err != nil {
		return nil, fmt.Errorf("the address of the service: %w", err)
	}
	if len(cfg.Servers) == 0 {
		return nil, errors.New("followers cannot log in: there is no login server")
	}
	return &Crowd{
		cfg: cfg, browsers: map[string]*visitor{},
		balancer: &balancer{next: cfg.Conns, host: base.Host, servers: cfg.Servers, sticky: cfg.Sticky},
	}, nil
}

// Visits are those that have ended, in the order of their ends.
func (c *Crowd) Visits() []history.Visit {
	c.mu.Lock()
	defer c.mu.Unlock()
	return append([]history.Visit(nil), c.visits...)
}

// headerSeq is where the generator puts the number of the operation.
const headerSeq = "X-Vegeta-Seq"

// RoundTrip carries one operation out. Its answer has the status of the last page.
func (c *Crowd) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_ = r.Body.Close() // a RoundTripper must; there is nothing in it
	}
	seq, err := strconv.ParseUint(r.Header.Get(headerSeq), 10, 64)
	if err != nil || seq >= uint64(len(c.cfg.Plan)) {
		return nil, fmt.Errorf("operation %q: the plan has %d", r.Header.Get(headerSeq), len(c.cfg.Plan))
	}
	op := &c.cfg.Plan[seq]
	v := c.visitorOf(op.OpenID)
	v.mu.Lock()
	defer v.mu.Unlock()
	if op.Event == history.VisitForwarded {
		c.note(c.visit(op, history.VisitForwarded, v.browser, func(in *history.Visit) (shown, error) {
			return c.forwarded(r.Context(), op, v.browser, in)
		}))
	}
	kind := op.Event
	if kind == history.VisitForwarded {
		kind = history.VisitFirst
	}
	seen := c.visit(op, kind, v.browser, func(in *history.Visit) (shown, error) { return c.patient(r.Context(), v.browser, in) })
	c.note(seen)
	switch {
	case seen.Error != "":
		return nil, errors.New(seen.Error)
	case seen.Status == http.StatusOK && seen.Seen != op.OpenID:
		return nil, fmt.Errorf("follower %s was taken for %q", op.OpenID, seen.Seen)
	}
	return &http.Response{
		StatusCode: seen.Status, Status: fmt.Sprintf("%d %s", seen.Status, http.StatusText(seen.Status)),
		Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Header: http.Header{}, Body: http.NoBody, Request: r,
	}, nil
}

func (c *Crowd) visitorOf(openID string) *visitor {
	c.mu.Lock()
	defer c.mu.Unlock()
	v := c.browsers[openID]
	if v == nil {
		v = &visitor{browser: newBrowser(openID, c.balancer, c.cfg.Limit)}
		c.browsers[openID] = v
	}
	return v
}

func (c *Crowd) note(v history.Visit) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.visits = append(c.visits, v)
}

// visit times a visit and says what came of it.
func (*Crowd) visit(op *history.PlannedOp, kind string, b *browser, make func(*history.Visit) (shown, error)) history.Visit {
	v := history.Visit{Seq: op.Seq, Visit: kind, OpenID: op.OpenID, At: time.Now()}
	if kind == history.VisitForwarded {
		v.Sender = op.Key
	}
	before := b.way.passedOn
	s, err := make(&v)
	v.Status, v.PassedOn = s.status, v.PassedOn+b.way.passedOn-before
	if err != nil {
		v.Status, v.Error = 0, err.Error()
	}
	v.TookS = time.Since(v.At).Seconds()
	return v
}

// LoginPath is the path at which logins of an account begin.
func LoginPath(account string) string { return "/oauth/" + account + "/login" }

// link is the shared link: to the page behind the login that names the visitor.
func (c *Crowd) link() string {
	return c.cfg.Base + LoginPath(c.cfg.Account) + "?" + url.Values{"scope": {"userinfo"}, "return": {c.me()}}.Encode()
}

func (c *Crowd) me() string { return "/api/v1/login/" + c.cfg.Account + "/me" }

// patient opens the shared link, and comes again when it is told to come later.
func (c *Crowd) patient(ctx context.Context, b *browser, v *history.Visit) (shown, error) {
	for {
		s, err := b.open(ctx, c.link(), "")
		v.Consents += s.consents
		v.Seen = whoIs(s)
		if err != nil || s.after == 0 || v.Later == mostLater {
			return s, err
		}
		v.Later++
		if err := wait(ctx, s.after); err != nil {
			return s, err
		}
	}
}

// forwarded lets the sender go through the consent page, and opens in this browser what the
// sender was to open then. It ends with the question whom the server takes this browser for.
func (c *Crowd) forwarded(ctx context.Context, op *history.PlannedOp, b *browser, v *history.Visit) (shown, error) {
	sender := newBrowser(op.Key, c.balancer, c.cfg.Limit)
	link, err := sender.open(ctx, c.link(), "/callback")
	v.PassedOn += sender.way.passedOn
	if err != nil {
		return link, fmt.Errorf("the sender: %w", err)
	}
	if link.status != 0 {
		return link, fmt.Errorf("the sender has no link: status %d", link.status)
	}
	page, err := b.open(ctx, link.at.String(), "")
	v.Consents += page.consents
	if err != nil {
		return page, err
	}
	who, err := b.open(ctx, c.cfg.Base+c.me(), "")
	v.Seen = whoIs(who)
	return page, err
}

// wait waits for d; an error says that ctx ended first.
func wait(ctx context.Context, d time.Duration) error {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// visitRequests is how many requests a first visit makes: the link, the consent page, the
// consent, the way back, the page.
const visitRequests = 5

// Visiting is what a load of logins is towards a server that does nothing, for a calibration:
// each operation asks as often as a first visit does.
type Visiting struct{ Getter }

// RoundTrip carries one operation out.
func (g Visiting) RoundTrip(r *http.Request) (resp *http.Response, err error) {
	for range visitRequests {
		if resp, err = g.Getter.RoundTrip(r); err != nil || resp.StatusCode != http.StatusOK {
			return resp, err
		}
	}
	return resp, nil
}
