// Package network owns the faults of a network link, made by Toxiproxy in this
// process: each link is a TCP proxy on 127.0.0.1 that the faults of package
// network disturb (CHA-1).
//
// Properties of Toxiproxy: it dials the upstream inside its accept loop, so a link whose
// upstream swallows packets serves its clients one after the other. It costs about 50 µs a
// round trip and a third of the throughput, so the topology makes a link only where a
// schedule names it. A call of it can hang behind a connection whose client does not read.
// Every call here has a deadline. After the deadline this package replaces the proxy by a
// new one on the same address, in the wanted state.
package network

import (
	"context"
	crand "crypto/rand"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
	"sync"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"
	"github.com/Shopify/toxiproxy/v2/toxics"
	"github.com/rs/zerolog"

	"oalab/chaos"
)

// ErrHangs is wrapped by the error of a call that Toxiproxy did not answer.
var ErrHangs = errors.New("toxiproxy does not answer")

// ErrStopped is returned for anything asked of Proxies after Stop.
var ErrStopped = errors.New("the proxies are stopped")

// callLimit is how long one call into Toxiproxy may take; it takes about 2 ms.
const callLimit = 2 * time.Second

// The ports of links lie below the range from which a kernel takes the ports of
// outgoing connections: one of those could sit on the address of a link that is
// cut, and keep it from coming back. They do not follow the seed: a link that is
// cut leaves its port free, and another run of the same seed would take it first.
const (
	firstPort = 20_000
	ports     = 10_000
	portTries = 200
)

// Proxies are the links of one topology. Safe for concurrent use.
type Proxies struct {
	server *toxiproxy.ApiServer
	limit  time.Duration // of one call into Toxiproxy

	mu      sync.Mutex
	rng     *rand.Rand // of the run's seed
	doors   *rand.Rand // not of the run's seed: it draws the ports
	links   map[chaos.Target]*link
	faults  int
	stopped bool
}

// Start returns proxies without any link. The seed decides the draws of jitter. It silences zerolog, which Toxiproxy alone
// uses, in the whole process.
func Start(ctx context.Context, seed uint64) (*Proxies, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	var unseeded [32]byte
	_, _ = crand.Read(unseeded[:]) // never fails
	zerolog.SetGlobalLevel(zerolog.Disabled)
	toxics.Register(latencyType, new(latencyToxic))
	return &Proxies{
		server: toxiproxy.NewServer(toxiproxy.NewMetricsContainer(nil), zerolog.Nop()),
		limit:  callLimit,
		rng:    rand.New(rand.NewPCG(seed, 0x6f616c6162)),
		doors:  rand.New(rand.NewChaCha8(unseeded)),
		links:  make(map[chaos.Target]*link),
	}, nil
}

// Link puts a proxy before upstream (host:port) and returns its address, which
// it keeps through all faults. The same name and upstream again give the same
// address; another upstream is an error.
func (p *Proxies) Link(name chaos.Target, upstream string) (string, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return "", ErrStopped
	}
	if l, ok := p.links[name]; ok {
		if l.upstream != upstream {
			return "", fmt.Errorf("link %s leads to %s already, not to %s", name, l.upstream, upstream)
		}
		return l.addr, nil
	}
	if name == "" {
		return "", errors.New("a link needs a name")
	}
	if _, _, err := net.SplitHostPort(upstream); err != nil {
		return "", fmt.Errorf("upstream of link %s: %w", name, err)
	}
	var errs []error
	for range portTries {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(firstPort+p.doors.IntN(ports)))
		proxy := toxiproxy.NewProxy(p.server, string(name), addr, upstream)
		if err := proxy.Start(); err != nil {
			errs = append(errs, err)
			continue
		}
		p.links[name] = newLink(p, name, upstream, addr, proxy)
		return addr, nil
	}
	return "", fmt.Errorf("link %s: no free port among %d tried: %w", name, portTries, errs[len(errs)-1])
}

// Fault returns a fault that disturbs a link by all the given toxics at once.
// Its problems, an unknown link among them, are told by Inject.
func (p *Proxies) Fault(name string, target chaos.Target, toxics ...Toxic) chaos.Fault {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults++
	return &fault{proxies: p, name: name, target: target, id: fmt.Sprintf("%s-%d", name, p.faults), seed: p.rng.Uint64(), toxics: toxics}
}

func (p *Proxies) find(name chaos.Target) (*link, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.stopped {
		return nil, ErrStopped
	}
	l, ok := p.links[name]
	if !ok {
		return nil, fmt.Errorf("there is no link %s; make it with Link before the fault is injected", name)
	}
	return l, nil
}

func (p *Proxies) all() []*link {
	p.mu.Lock()
	defer p.mu.Unlock()
	all := make([]*link, 0, len(p.links))
	for _, l := range p.links {
		all = append(all, l)
	}
	return all
}

// Reset takes all faults out of all links. It is safe at any time.
func (p *Proxies) Reset(ctx context.Context) error {
	var errs []error
	for _, l := range p.all() {
		errs = append(errs, l.heal(ctx))
	}
	return errors.Join(errs...)
}

// Stop closes all links and their connections. What Toxiproxy itself forgets
// lives on until the process ends: the goroutines of a connection that a reset, a
// timeout or a data limit closed while bytes waited, and those of a call that was
// abandoned with ErrHangs. A second Stop does nothing.
func (p *Proxies) Stop(ctx context.Context) error {
	p.mu.Lock()
	again := p.stopped
	p.stopped = true
	p.mu.Unlock()
	if again {
		return nil
	}
	var errs []error
	for _, l := range p.all() {
		errs = append(errs, l.close(ctx))
	}
	return errors.Join(errs...)
}

// call runs one call into Toxiproxy, which knows no context, and abandons it
// when it takes too long.
func (p *Proxies) call(ctx context.Context, what string, f func() error) error {
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, p.limit))
	defer cancel()
	done := make(chan error, 1)
	go func() { done <- f() }()
	select {
	case err := <-done:
		if err != nil {
			return fmt.Errorf("%s: %w", what, err)
		}
		return nil
	case <-ctx.Done():
		return fmt.Errorf("%s: %w: %w", what, ErrHangs, ctx.Err())
	}
}
