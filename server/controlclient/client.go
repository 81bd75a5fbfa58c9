// Package controlclient owns how an app server reads tokens and tickets from control nodes
// (CTL-4, CTL-5, CTL-8): it asks the node that has the account, then its standby, then the
// others, and keeps what it was given for as long as it may be used. docs/control.md describes
// the API.
package controlclient

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync"
	"sync/atomic"
	"time"

	"oalab/server/internal/domain"
	"oalab/server/signing"
)

// Config of a Client.
type Config struct {
	// Members are the control nodes that are known at the start: all, or some that know the
	// others.
	Members Members
	// App and Secret are what the requests are signed with.
	App, Secret string
	// Timeout bounds the question to one node; 0 means 1 s.
	Timeout time.Duration
	// Capacity is how many accounts are in memory; 0 means 100 000.
	Capacity int
	// TLS is for nodes that are asked over gRPC; nil means in the clear. A certificate in it says
	// who asks.
	TLS *tls.Config
	// Transport replaces the HTTP transport, for tests; nil means a pooled one.
	Transport http.RoundTripper
}

// Kinds of values.
const (
	KindToken  = "token"
	KindTicket = "ticket"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// ErrNoAccount says that the control nodes do not keep the account.
var ErrNoAccount = errors.New("the control nodes do not keep this account")

// Client reads from control nodes. It is safe for concurrent use. It must be closed.
type Client struct {
	cfg     Config
	http    *http.Client
	members atomic.Pointer[Members]
	tokens  *Values
	tickets *Values
	down    downs
	links   links

	life context.Context // of the questions under way; ended by Close
	end  context.CancelFunc
	work sync.WaitGroup
}

// New makes a Client. It asks nothing.
func New(cfg Config) (*Client, error) {
	if cfg.App == "" || cfg.Secret == "" || len(cfg.Members.Nodes) == 0 {
		return nil, errors.New("a client of control nodes needs nodes, an app and its secret")
	}
	if err := cfg.Members.Check(); err != nil {
		return nil, fmt.Errorf("control nodes: %w", err)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = time.Second
	}
	if cfg.Capacity <= 0 {
		cfg.Capacity = 100_000
	}
	if cfg.Transport == nil {
		cfg.Transport = &http.Transport{MaxConnsPerHost: 64, MaxIdleConnsPerHost: 64, IdleConnTimeout: 30 * time.Second}
	}
	c := &Client{cfg: cfg, http: &http.Client{Transport: cfg.Transport, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}}
	c.life, c.end = context.WithCancel(context.Background())
	c.members.Store(&cfg.Members)
	for kind, to := range map[string]**Values{KindToken: &c.tokens, KindTicket: &c.tickets} {
		v := &Values{client: c, kind: kind}
		var err error
		if v.kept, err = domain.New(domain.Config[*value]{Capacity: cfg.Capacity, Load: func(context.Context, string) (*value, error) { return &value{}, nil }}); err != nil {
			return nil, err
		}
		*to = v
	}
	return c, nil
}

// Tokens are the access tokens.
func (c *Client) Tokens() *Values { return c.tokens }

// Tickets are the jsapi tickets.
func (c *Client) Tickets() *Values { return c.tickets }

// Close cuts questions under way short, waits for them, and drops idle connections.
func (c *Client) Close() {
	c.end()
	c.work.Wait()
	c.links.close()
	c.http.CloseIdleConnections()
}

// Version is that of the list of nodes in use.
func (c *Client) Version() int64 { return c.members.Load().Version }

// given is what a node answers.
type given struct {
	Value     string `json:"value"`
	Version   int64  `json:"version"`
	ExpiresIn int64  `json:"expires_in"`
	// Members come with a 421: the node has another list.
	Members *Members `json:"members"`
}

// question is what a node is asked for: a value, or, with one that is dead, the next one.
type question struct{ account, kind, dead string }

// ask asks the nodes in the order of the account until one gives an answer. Nodes that did not
// answer lately come last.
func (c *Client) ask(ctx context.Context, q question) (given, error) {
	var faults []error
	asked := make(map[string]bool)
	for round := range 2 {
		order := c.down.last(c.members.Load().Order(q.account))
		version := c.Version()
		for i, node := range order {
			if asked[node.Address] || ctx.Err() != nil {
				continue
			}
			// Beyond the two that have the account a node is asked to serve it anyway.
			status, got, err := c.one(ctx, node, q, round > 0 || i >= 2)
			if err == nil && status == http.StatusMisdirectedRequest {
				c.learn(got.Members)
				if c.Version() != version {
					break // by the newer list
				}
				continue
			}
			asked[node.Address] = true
			switch {
			case err == nil && status == http.StatusOK:
				c.down.up(node.Address)
				return got, nil
			case err == nil && status == http.StatusNotFound:
				return given{}, fmt.Errorf("account %s: %w", q.account, ErrNoAccount)
			case err == nil:
				err = fmt.Errorf("control node %s answered HTTP %d", node.Name, status)
			default:
				c.down.note(node.Address)
			}
			faults = append(faults, err)
		}
	}
	if err := ctx.Err(); err != nil {
		faults = append(faults, err)
	}
	return given{}, fmt.Errorf("no control node gives the %s of account %s: %w", q.kind, q.account, errors.Join(faults...))
}

// learn takes a newer list of nodes into use.
func (c *Client) learn(m *Members) {
	for m != nil && m.Check() == nil && len(m.Nodes) > 0 {
		before := c.members.Load()
		if m.Version <= before.Version || c.members.CompareAndSwap(before, m) {
			return
		}
	}
}

// one asks one node, over gRPC where it can be had, else over HTTP. An error is that of the
// connection or of the form of the answer.
func (c *Client) one(ctx context.Context, node Member, q question, anyway bool) (status int, got given, err error) {
	ctx, cancel := context.WithTimeout(ctx, c.cfg.Timeout)
	defer cancel()
	if node.GRPC != "" && !c.down.is(node.GRPC) {
		status, got, err = c.overGRPC(ctx, node, q, anyway)
		if err == nil || ctx.Err() != nil { // a node that is silent has no time left for HTTP
			return status, got, err
		}
		c.down.note(node.GRPC)
	}
	status, got, overHTTP := c.overHTTP(ctx, node, q, anyway)
	if overHTTP != nil {
		err = errors.Join(err, overHTTP)
		return 0, given{}, err
	}
	return status, got, nil
}

// overHTTP asks one node over HTTP.
func (c *Client) overHTTP(ctx context.Context, node Member, q question, anyway bool) (status int, got given, err error) {
	method, path, body := http.MethodGet, q.kind, []byte(nil)
	if q.dead != "" {
		method, path = http.MethodPost, q.kind+"/report"
		if body, err = json.Marshal(map[string]string{"token": q.dead}); err != nil {
			return 0, given{}, err
		}
	}
	address := strings.TrimRight(node.Address, "/") + "/control/v1/accounts/" + q.account + "/" + path
	if anyway {
		address += "?anyway=1"
	}
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, given{}, fmt.Errorf("control node %s: %w", node.Name, err)
	}
	signing.Sign(r, body, c.cfg.App, c.cfg.Secret, time.Now())
	res, err := c.http.Do(r)
	if err != nil {
		return 0, given{}, fmt.Errorf("control node %s: %w", node.Name, cause(err))
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer))
	if err != nil {
		return 0, given{}, fmt.Errorf("control node %s: read answer: %w", node.Name, err)
	}
	var envelope struct {
		Data given `json:"data"`
	}
	if err := json.Unmarshal(raw, &envelope); err != nil {
		return 0, given{}, fmt.Errorf("control node %s: the answer is no JSON of the API (%d bytes)", node.Name, len(raw))
	}
	if res.StatusCode == http.StatusOK && (envelope.Data.Value == "" || envelope.Data.ExpiresIn < 0) {
		return 0, given{}, fmt.Errorf("control node %s: the answer has no value", node.Name)
	}
	return res.StatusCode, envelope.Data, nil
}

// cause leaves the address out of an error, as it has the signature in it.
func cause(err error) error {
	if next := errors.Unwrap(err); next != nil {
		return next
	}
	return err
}
