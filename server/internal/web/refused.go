package web

import (
	"context"
	"errors"
	"net"
	"net/http"
	"sync"
	"sync/atomic"

	"github.com/prometheus/client_golang/prometheus"
)

// Why something was refused before a feature saw it (SEC-4).
const (
	refusedTooLarge   = "too_large"       // a body that is longer than its area allows, by its own word
	refusedOtherSite  = "other_site"      // a page of another site sent it
	refusedUnfinished = "without_request" // a connection that ended before a whole request had come
)

// refused counts what this package refuses.
type refused struct{ count *prometheus.CounterVec }

func newRefused() refused {
	r := refused{prometheus.NewCounterVec(prometheus.CounterOpts{
		Name: "oalab_http_refused_total", Help: "Requests and connections that no feature saw, by reason.",
	}, []string{"reason"})}
	for _, reason := range []string{refusedTooLarge, refusedOtherSite, refusedUnfinished} {
		r.count.WithLabelValues(reason)
	}
	return r
}

// guarded counts an error of guard.
func (r refused) guarded(err error) error {
	switch {
	case err == nil:
	case errors.Is(err, ErrForbidden):
		r.count.WithLabelValues(refusedOtherSite).Inc()
	default:
		r.count.WithLabelValues(refusedTooLarge).Inc()
	}
	return err
}

// connection is what is known of a connection: its socket, and whether a request came by it.
type connection struct {
	net.Conn
	served atomic.Bool
}

type connKey struct{}

// connections are the connections that are open, until the first request has come by each.
type connections struct {
	refused refused
	open    sync.Map // of net.Conn to *connection
}

// ConnContext gives the requests of a connection what Peer needs, as http.Server's field of
// that name.
func ConnContext(ctx context.Context, conn net.Conn) context.Context {
	return context.WithValue(ctx, connKey{}, &connection{Conn: conn})
}

// begin is http.Server.ConnContext.
func (c *connections) begin(ctx context.Context, conn net.Conn) context.Context {
	ctx = ConnContext(ctx, conn)
	c.open.Store(conn, ctx.Value(connKey{}))
	return ctx
}

// follow is http.Server.ConnState. It costs a request nothing: it looks at the last state alone.
func (c *connections) follow(conn net.Conn, state http.ConnState) {
	if state != http.StateClosed && state != http.StateHijacked {
		return
	}
	known, ok := c.open.LoadAndDelete(conn)
	if at, is := known.(*connection); ok && is && !at.served.Load() {
		c.refused.count.WithLabelValues(refusedUnfinished).Inc()
	}
}

// connectionOf is the connection that a request came by; nil for one without a socket.
func connectionOf(r *http.Request) *connection {
	c, _ := r.Context().Value(connKey{}).(*connection)
	return c
}

// serves notes that a whole head of a request has come.
func (c *connection) serves() {
	if c != nil && !c.served.Load() {
		c.served.Store(true)
	}
}
