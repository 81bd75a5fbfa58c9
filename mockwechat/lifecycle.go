package mockwechat

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"
)

// lifecycle is the running part of a platform: its listeners, and the context
// that ends everything that would wait for long.
type lifecycle struct {
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup // serve loops and background pushes

	mu      sync.Mutex
	api     net.Listener
	control net.Listener
	secure  net.Listener // the APIs over HTTPS
	servers []*http.Server
	stopped bool
}

func (l *lifecycle) init() {
	l.ctx, l.cancel = context.WithCancel(context.Background())
}

// ErrStopped is returned by Start after Stop, and by a second Start.
var ErrStopped = errors.New("mockwechat: the platform has been started or stopped before")

// Start listens on both addresses (":0" takes a free port) and serves until Stop.
// An empty address is not served. A port that is taken is reported at once, and
// nothing stays open then.
func (p *Platform) Start(ctx context.Context, listen, control string) error {
	l := &p.life
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped || len(l.servers) > 0 {
		return ErrStopped
	}
	var err error
	if l.api, err = open(ctx, listen); err != nil {
		return err
	}
	if l.control, err = open(ctx, control); err != nil {
		if l.api != nil {
			_ = l.api.Close()
			l.api = nil
		}
		return err
	}
	l.work.Go(p.components.Run)
	l.serve(l.api, p.Handler())
	l.serve(l.control, p.ControlHandler())
	return nil
}

func open(ctx context.Context, address string) (net.Listener, error) {
	if address == "" {
		return nil, nil
	}
	var lc net.ListenConfig
	ln, err := lc.Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("mockwechat: listen on %s: %w", address, err)
	}
	return ln, nil
}

func (l *lifecycle) serve(ln net.Listener, h http.Handler) {
	if ln == nil {
		return
	}
	s := &http.Server{Handler: h, ReadHeaderTimeout: 10 * time.Second}
	l.servers = append(l.servers, s)
	l.work.Go(func() {
		// Serve ends with ErrServerClosed on Stop; another error is a listener that
		// broke, which callers see as refused connections.
		_ = s.Serve(ln)
	})
}

// background starts work that Stop waits for. Otherwise a push could outlive the ledger.
func (l *lifecycle) background(work func()) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.stopped {
		return ErrStopped
	}
	l.work.Go(work)
	return nil
}

// Addr is where the APIs are served, as host:port; empty when they are not.
func (p *Platform) Addr() string {
	return p.life.addr(func(l *lifecycle) net.Listener { return l.api })
}

// ControlAddr is where the control port is served, as host:port; empty when it is not.
func (p *Platform) ControlAddr() string {
	return p.life.addr(func(l *lifecycle) net.Listener { return l.control })
}

func (l *lifecycle) addr(which func(*lifecycle) net.Listener) string {
	l.mu.Lock()
	defer l.mu.Unlock()
	if ln := which(l); ln != nil {
		return ln.Addr().String()
	}
	return ""
}

// Stop ends the servers and all pushes that the control port began, and closes
// the ledger. It waits for calls under way until ctx ends, then drops them. It
// may be called more than once. The error includes a ledger that has a hole.
func (p *Platform) Stop(ctx context.Context) error {
	l := &p.life
	l.mu.Lock()
	l.stopped = true
	servers := l.servers
	l.mu.Unlock()
	l.cancel()
	var errs []error
	for _, s := range servers {
		if err := s.Shutdown(ctx); err != nil {
			errs = append(errs, fmt.Errorf("mockwechat: stop: %w", err), s.Close())
		}
	}
	l.work.Wait()
	return errors.Join(append(errs, p.core.Close())...)
}
