// Package carrierapi owns the calls to the carrier's SOAP service: a client that
// finds the endpoint in the WSDL when it first needs it, one typed method for
// each operation, and errors that say whether the call can have had an effect
// (BIZ-7).
package carrierapi

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/carrier"
	"oalab/server/internal/resilience"
)

// Config of a Client.
type Config struct {
	// WSDLURL is the address of the service's WSDL.
	WSDLURL string
	// Timeout bounds each call whose context does not end sooner; 0 means 4 s.
	Timeout time.Duration
	// MaxConns bounds the connections to the carrier; 0 means 384, more than
	// all workers and callbacks together ask for at once.
	MaxConns int
	// Inline sizes the lane of the calls for which a callback waits.
	Inline resilience.LaneConfig
	// Transport replaces the HTTP transport, for tests; nil means a pooled one.
	Transport http.RoundTripper
}

// maxAnswer bounds what is read of an answer or of the WSDL.
const maxAnswer = 1 << 20

// Client calls the carrier. It is safe for concurrent use.
type Client struct {
	wsdl    string
	timeout time.Duration
	http    *http.Client
	inline  *resilience.Lane[*carrier.QueryUsageResponse]

	port    atomic.Pointer[port]
	finding chan struct{} // holds a place for the one who fetches the WSDL

	calls  *prometheus.CounterVec
	failed *prometheus.CounterVec
}

// New makes a Client and registers its metrics with reg, which may be nil. It
// makes no call: the carrier may be down when the server starts.
func New(cfg Config, reg prometheus.Registerer) (*Client, error) {
	u, err := url.Parse(cfg.WSDLURL)
	if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return nil, fmt.Errorf("carrier.wsdl_url %q is not an http or https address", cfg.WSDLURL)
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = 4 * time.Second
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 384
	}
	if cfg.Transport == nil {
		cfg.Transport = &http.Transport{
			MaxConnsPerHost: cfg.MaxConns, MaxIdleConnsPerHost: cfg.MaxConns, MaxIdleConns: cfg.MaxConns,
			IdleConnTimeout: 30 * time.Second,
		}
	}
	if cfg.Inline.Name == "" {
		cfg.Inline.Name = "inline carrier queries"
	}
	cfg.Inline.Failed = func(err error) bool {
		var refused *carrier.RefusedError // an answer, if not the one wished for
		return !errors.As(err, &refused)
	}
	c := &Client{
		wsdl: cfg.WSDLURL, timeout: cfg.Timeout, http: &http.Client{Transport: cfg.Transport},
		inline:  resilience.NewLane[*carrier.QueryUsageResponse](cfg.Inline),
		finding: make(chan struct{}, 1),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_carrier_calls_total", Help: "Calls to the carrier, refused ones included.",
		}, []string{"op"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_carrier_errors_total", Help: "Calls to the carrier that brought no answer, by class.",
		}, []string{"op", "class"}),
	}
	for _, op := range carrier.Operations() {
		c.calls.WithLabelValues(op)
		for _, class := range Classes() {
			c.failed.WithLabelValues(op, string(class))
		}
	}
	if reg != nil {
		if err := errors.Join(reg.Register(c.calls), reg.Register(c.failed)); err != nil {
			return nil, fmt.Errorf("register carrier metrics: %w", err)
		}
	}
	return c, nil
}

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// call makes one call and reads the answer. Its error is an *Error.
func (c *Client) call(ctx context.Context, req carrier.Request, into carrier.Response) error {
	op := req.Operation()
	c.calls.WithLabelValues(op).Inc()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	sending, err := c.exchange(ctx, op, req, into)
	if err == nil {
		return nil
	}
	e := classify(op, err, sending)
	c.failed.WithLabelValues(op, string(e.Class)).Inc()
	return e
}

// exchange sends the request; sending says whether it may have left.
func (c *Client) exchange(ctx context.Context, op string, req carrier.Request, into carrier.Response) (sending bool, err error) {
	p, err := c.find(ctx)
	if err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil { // its time is over: nothing leaves
		return false, err
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, p.address, bytes.NewReader(carrier.EncodeRequest(p.version, req)))
	if err != nil {
		return false, err
	}
	r.Header.Set("Content-Type", p.version.ContentType(op))
	if p.version == carrier.SOAP11 {
		r.Header.Set("SOAPAction", `"`+p.actions[op]+`"`)
	}
	if op == carrier.OpOrderProduct {
		r.GetBody = nil // without it the transport never sends an order a second time by itself
	}
	res, err := c.http.Do(r)
	if err != nil {
		return true, err
	}
	defer res.Body.Close()
	raw, err := io.ReadAll(io.LimitReader(res.Body, maxAnswer+1))
	if err != nil {
		return true, fmt.Errorf("read answer: %w", err)
	}
	if len(raw) > maxAnswer {
		return true, fmt.Errorf("the answer is longer than %d bytes", maxAnswer)
	}
	if err := carrier.DecodeResponse(raw, into); err != nil {
		if res.StatusCode == http.StatusNotFound {
			c.forget(p) // the service may have moved
		}
		return true, fmt.Errorf("answer with HTTP status %d: %w", res.StatusCode, err)
	}
	return true, nil
}
