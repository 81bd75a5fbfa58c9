package network

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	toxiproxy "github.com/Shopify/toxiproxy/v2"

	"oalab/chaos"
)

// startRetry is the pause between two attempts to listen on a link's address.
const startRetry = 5 * time.Millisecond

// applied is one toxic that belongs in a link.
type applied struct {
	fault string // id of the fault it belongs to
	name  string // as Toxiproxy knows it
	body  []byte
	// bounce: it reaches, and leaves, only connections that are opened with it in.
	bounce bool
}

// link is one proxy and what should be in it. A change first notes what should
// be, then makes it so; a proxy that does not follow in time is replaced by one
// that is made as it should be.
type link struct {
	proxies  *Proxies
	name     chaos.Target
	upstream string
	addr     string

	turn   chan struct{} // held during a change; guards all below
	proxy  *toxiproxy.Proxy
	up     bool // proxy was started and not stopped
	toxics []applied
	cuts   map[string]bool // ids of the faults that want the link closed
}

func newLink(p *Proxies, name chaos.Target, upstream, addr string, proxy *toxiproxy.Proxy) *link {
	return &link{
		proxies: p, name: name, upstream: upstream, addr: addr,
		turn: make(chan struct{}, 1), proxy: proxy, up: true, cuts: make(map[string]bool),
	}
}

// lock takes the turn or gives up with ctx.
func (l *link) lock(ctx context.Context) error {
	select {
	case l.turn <- struct{}{}:
		return nil
	case <-ctx.Done():
		return fmt.Errorf("link %s is busy with another change: %w", l.name, ctx.Err())
	}
}

func (l *link) unlock() { <-l.turn }

// put adds the toxics of one fault.
func (l *link) put(ctx context.Context, fault string, add []applied, cut bool) error {
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.unlock()
	l.toxics = append(l.toxics, add...)
	if cut {
		l.cuts[fault] = true
	}
	for _, a := range add {
		err := l.call(ctx, "add "+a.name, func(p *toxiproxy.Proxy) error {
			_, err := p.Toxics.AddToxicJson(bytes.NewReader(a.body))
			return err
		})
		if errors.Is(err, ErrHangs) {
			return l.replace(ctx) // brings all toxics with it and cuts what hangs
		}
		if err != nil {
			return err
		}
	}
	return l.settle(ctx, bounces(add))
}

// take removes everything of one fault. What is not there is no error.
func (l *link) take(ctx context.Context, fault string) error {
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.unlock()
	return l.remove(ctx, func(id string) bool { return id == fault })
}

// heal removes everything.
func (l *link) heal(ctx context.Context) error {
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.unlock()
	return l.remove(ctx, func(string) bool { return true })
}

func (l *link) remove(ctx context.Context, mine func(fault string) bool) error {
	var gone []applied
	l.toxics = slices.DeleteFunc(l.toxics, func(a applied) bool {
		if mine(a.fault) {
			gone = append(gone, a)
			return true
		}
		return false
	})
	for id := range l.cuts {
		if mine(id) {
			delete(l.cuts, id)
		}
	}
	for _, a := range gone {
		err := l.call(ctx, "remove "+a.name, func(p *toxiproxy.Proxy) error {
			return p.Toxics.RemoveToxic(context.WithoutCancel(ctx), a.name)
		})
		if err != nil && !errors.Is(err, toxiproxy.ErrToxicNotFound) {
			return l.replace(ctx)
		}
	}
	return l.settle(ctx, bounces(gone))
}

func bounces(toxics []applied) bool {
	return slices.ContainsFunc(toxics, func(a applied) bool { return a.bounce })
}

// settle opens or closes the link as it should be. A bounce closes an open one
// for a moment, which ends its connections.
func (l *link) settle(ctx context.Context, bounce bool) error {
	if l.up && (bounce || len(l.cuts) > 0) {
		if err := l.call(ctx, "close", func(p *toxiproxy.Proxy) error { p.Stop(); return nil }); err != nil {
			// It no longer listens, but may keep connections open for a while. The
			// next change must not wait for it.
			return errors.Join(err, l.replace(ctx))
		}
		l.up = false
	}
	if l.up || len(l.cuts) > 0 {
		return nil
	}
	return l.open(ctx)
}

// open listens on the link's address, again and again while something is still
// there: the old listener needs a moment to go.
func (l *link) open(ctx context.Context) error {
	for {
		err := l.call(ctx, "open", (*toxiproxy.Proxy).Start)
		if err == nil || errors.Is(err, ErrHangs) {
			l.up = err == nil
			return err
		}
		pause := time.NewTimer(startRetry)
		select {
		case <-pause.C:
		case <-ctx.Done():
			pause.Stop()
			return errors.Join(err, ctx.Err())
		}
	}
}

// replace leaves the present proxy to its own end and puts another in its place,
// on the same address, with the toxics that should be there.
func (l *link) replace(ctx context.Context) error {
	go l.proxy.Stop() // stops listening at once and ends when Toxiproxy can
	l.proxy = toxiproxy.NewProxy(l.proxies.server, string(l.name), l.addr, l.upstream)
	l.up = false
	for _, a := range l.toxics {
		// No connection is there that could keep this waiting.
		if _, err := l.proxy.Toxics.AddToxicJson(bytes.NewReader(a.body)); err != nil {
			return fmt.Errorf("link %s: add %s again: %w", l.name, a.name, err)
		}
	}
	return l.settle(ctx, false)
}

// close closes the link for good.
func (l *link) close(ctx context.Context) error {
	if err := l.lock(ctx); err != nil {
		return err
	}
	defer l.unlock()
	if !l.up {
		return nil
	}
	l.up = false
	return l.call(ctx, "close", func(p *toxiproxy.Proxy) error { p.Stop(); return nil })
}

// listed reports which of the named toxics are in the proxy.
func (l *link) listed(ctx context.Context, names []string) (int, error) {
	if err := l.lock(ctx); err != nil {
		return 0, err
	}
	defer l.unlock()
	found := make(chan int, 1)
	err := l.call(ctx, "list the toxics", func(p *toxiproxy.Proxy) error {
		n := 0
		for _, name := range names {
			if p.Toxics.GetToxic(name) != nil {
				n++
			}
		}
		found <- n
		return nil
	})
	if err != nil {
		return 0, err
	}
	return <-found, nil
}

// cut reports whether any fault wants the link closed.
func (l *link) cut(ctx context.Context) (bool, error) {
	if err := l.lock(ctx); err != nil {
		return false, err
	}
	defer l.unlock()
	return len(l.cuts) > 0, nil
}

func (l *link) call(ctx context.Context, what string, f func(*toxiproxy.Proxy) error) error {
	proxy := l.proxy
	return l.proxies.call(ctx, fmt.Sprintf("link %s: %s", l.name, what), func() error { return f(proxy) })
}
