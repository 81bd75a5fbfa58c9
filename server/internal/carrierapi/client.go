// Package carrierapi owns the calls to the carrier's SOAP service: a client that
// finds the endpoints in the WSDL when it first needs them, one typed method for
// each operation, errors that say whether the call can have had an effect (BIZ-7), and
// what is told of a carrier that cannot be used.
package carrierapi

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"sync"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/carrier"
	"oalab/server/internal/resilience"
)

// Config of a Client.
type Config struct {
	// WSDLURL is the address of the service's WSDL; it may be "" when Endpoint is set, and
	// the contract's own actions over SOAP 1.1 are used then.
	WSDLURL string
	// Endpoint takes the place of the addresses in the WSDL; "" uses these.
	Endpoint string
	// Timeout bounds each call whose context does not end sooner; it is above 0.
	Timeout time.Duration
	// MaxConns bounds the connections to the carrier; 0 means 384, more than
	// all workers and callbacks together ask for at once.
	MaxConns int
	// Inline sizes the lane of the calls for which a callback waits.
	Inline resilience.LaneConfig
	// Log is told that the carrier cannot be used; nil discards it.
	Log *slog.Logger
}

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// Client calls the carrier. It is safe for concurrent use.
type Client struct {
	wsdl, endpoint string
	timeout        time.Duration
	transport      *http.Transport
	calling        *http.Client // leaves redirects to us
	reading        *http.Client // follows them
	inline         *resilience.Lane[carrier.Response]
	log            *slog.Logger

	service atomic.Pointer[service]
	readers readers

	calls  *prometheus.CounterVec
	failed *prometheus.CounterVec
	state  *trouble
}

// New makes a Client and registers its metrics with reg, which may be nil. It
// makes no call: the carrier may be down when the server starts.
func New(cfg Config, reg prometheus.Registerer) (*Client, error) {
	for key, address := range map[string]string{"wsdl_url": cfg.WSDLURL, "endpoint": cfg.Endpoint} {
		if err := checkAddress(address); address != "" && err != nil {
			return nil, fmt.Errorf("carrier.%s: %w", key, err)
		}
	}
	if cfg.WSDLURL == "" && cfg.Endpoint == "" {
		return nil, errors.New("neither carrier.wsdl_url nor carrier.endpoint is set")
	}
	if cfg.Timeout <= 0 {
		return nil, fmt.Errorf("carrier client: Timeout %v is not above 0", cfg.Timeout)
	}
	if cfg.MaxConns <= 0 {
		cfg.MaxConns = 384
	}
	if cfg.Inline.Name == "" {
		cfg.Inline.Name = "inline carrier queries"
	}
	if cfg.Log == nil {
		cfg.Log = slog.New(slog.DiscardHandler)
	}
	cfg.Inline.Failed = func(err error) bool {
		var refused *carrier.RefusedError // an answer, if not the one wished for
		return !errors.As(err, &refused)
	}
	// A place that does not answer at all must leave time for the next one.
	connect := min(2*time.Second, cfg.Timeout/2)
	transport := &http.Transport{
		DialContext: (&net.Dialer{Timeout: connect}).DialContext, TLSHandshakeTimeout: connect, ForceAttemptHTTP2: true,
		MaxConnsPerHost: cfg.MaxConns, MaxIdleConnsPerHost: cfg.MaxConns, MaxIdleConns: cfg.MaxConns,
		IdleConnTimeout: 30 * time.Second,
	}
	c := &Client{
		wsdl: cfg.WSDLURL, endpoint: cfg.Endpoint, timeout: cfg.Timeout, log: cfg.Log, transport: transport,
		calling: &http.Client{Transport: transport, CheckRedirect: func(*http.Request, []*http.Request) error {
			return http.ErrUseLastResponse
		}},
		reading: &http.Client{Transport: transport},
		inline:  resilience.NewLane[carrier.Response](cfg.Inline),
		calls: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_carrier_calls_total", Help: "Calls to the carrier, refused ones included.",
		}, []string{"op"}),
		failed: prometheus.NewCounterVec(prometheus.CounterOpts{
			Name: "oalab_carrier_errors_total", Help: "Calls to the carrier that brought no answer, by class.",
		}, []string{"op", "class"}),
		state: newTrouble(cfg.Log),
	}
	c.readers.base, c.readers.stop = context.WithCancel(context.Background())
	for _, op := range carrier.Operations() {
		c.calls.WithLabelValues(op)
		for _, class := range Classes() {
			c.failed.WithLabelValues(op, string(class))
		}
	}
	if c.wsdl == "" {
		c.service.Store(newService([]port{{Port: carrier.DefaultPort(c.endpoint), origin: originConfig}}))
	}
	if reg != nil {
		if err := errors.Join(reg.Register(c.calls), reg.Register(c.failed), c.state.register(reg)); err != nil {
			return nil, fmt.Errorf("register carrier metrics: %w", err)
		}
	}
	return c, nil
}

// checkAddress refuses what cannot be called.
func checkAddress(address string) error {
	u, err := url.Parse(address)
	if err != nil || u.Hostname() == "" || (u.Scheme != "http" && u.Scheme != "https") {
		return fmt.Errorf("%q is not an http or https address", address)
	}
	return nil
}

// Close ends the reading of a WSDL that is under way and drops idle connections.
func (c *Client) Close() {
	c.readers.end()
	c.transport.CloseIdleConnections()
}

// Check says what is wrong with the carrier: nil, or the error of the last call when it
// failed, with how long calls have failed. It makes no call.
func (c *Client) Check(context.Context) error { return c.state.check() }

// call makes one call and reads the answer. Its error is an *Error.
func (c *Client) call(ctx context.Context, req carrier.Request, into carrier.Response) error {
	op := req.Operation()
	c.calls.WithLabelValues(op).Inc()
	ctx, cancel := context.WithTimeout(ctx, c.timeout)
	defer cancel()
	sending, err := c.exchange(ctx, op, req, into)
	if err == nil {
		c.state.well(time.Now())
		return nil
	}
	e := classify(op, err, sending)
	c.failed.WithLabelValues(op, string(e.Class)).Inc()
	if !errors.Is(err, context.Canceled) { // the caller went away
		c.state.failed(time.Now(), e)
	}
	return e
}

// exchange calls the ports that have the operation in turn, beginning with the one that
// answered last: the next one where the request did not leave for this one, or where it may
// be repeated. sending says whether it may have left for any of them.
func (c *Client) exchange(ctx context.Context, op string, req carrier.Request, into carrier.Response) (sending bool, err error) {
	s, err := c.find(ctx)
	if err != nil {
		return false, err
	}
	if err := ctx.Err(); err != nil { // its time is over: nothing leaves
		return false, err
	}
	g := s.groups[op]
	if g == nil {
		return false, fmt.Errorf("%w: no port has the operation %s", errDescription, op)
	}
	first := g.current.Load()
	var failures attempts
	for i := range g.ports {
		at := (int(first) + i) % len(g.ports)
		sent, err := c.send(ctx, g.ports[at], op, req, into)
		if err == nil {
			return true, nil
		}
		failures.add(sent, err)
		if _, spoken := errors.AsType[*carrier.FaultError](err); spoken {
			return sent, err
		}
		// Further calls begin at the next one too.
		g.current.CompareAndSwap(int32(at), int32((at+1)%len(g.ports)))
		if ctx.Err() != nil || sent && !carrier.Repeatable(op) {
			break
		}
	}
	s.doubted.Store(true) // it may have moved
	return failures.sent, failures.err()
}

// attempts are the failures of one call at several ports.
type attempts struct {
	sent bool
	main error // of one that was sent, if any: it decides what is known
	more []error
}

func (a *attempts) add(sent bool, err error) {
	switch {
	case a.main == nil:
		a.main = err
	case sent || !a.sent:
		a.more = append(a.more, a.main)
		a.main = err
	default:
		a.more = append(a.more, err)
	}
	a.sent = a.sent || sent
}

func (a *attempts) err() error {
	if len(a.more) == 0 {
		return a.main
	}
	return fmt.Errorf("%w (and at other ports: %v)", a.main, a.more)
}

// readers are the goroutines that read the WSDL.
type readers struct {
	base context.Context
	stop context.CancelFunc

	mu      sync.Mutex
	current *reading
	ended   time.Time // of the last one
	running sync.WaitGroup
}

// end stops them, under the lock under which they begin: none begins behind it.
func (r *readers) end() {
	r.mu.Lock()
	r.stop()
	r.mu.Unlock()
	r.running.Wait()
}
