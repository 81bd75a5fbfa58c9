package topology

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"log"
	"math/rand/v2"
	"net"
	"net/http"
	"net/http/httputil"
	"strings"
	"sync"
	"time"
)

// The bounds of the embedded balancer, as docker/lb has them.
const (
	serversATry  = 2        // at most so many servers are asked for one try of the platform
	largestBody  = 64 << 10 // of a message
	upstreamPool = 64       // idle connections to each server
)

// balancer stands before the servers of the embedded topology where there are several. It
// does what Nginx does in docker/lb by its method random: one that does not answer, or answers
// with an error of its own, is followed by another one. Were they to take turns, the tries of
// a message, 5 s apart at a steady rate, might all meet one server.
type balancer struct {
	servers []string // host:port
	mu      sync.Mutex
	rng     *rand.Rand
	conns   *http.Transport
	server  *http.Server
	url     string
	ended   chan struct{}
}

// startBalancer serves on a free port of this machine.
func startBalancer(ctx context.Context, seed uint64, servers []string) (*balancer, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("start the balancer: %w", err)
	}
	b := &balancer{
		servers: servers, rng: rand.New(rand.NewPCG(seed, 'b')), url: "http://" + l.Addr().String(), ended: make(chan struct{}),
		conns: &http.Transport{MaxIdleConnsPerHost: upstreamPool, IdleConnTimeout: 30 * time.Second, DisableCompression: true},
	}
	quiet := log.New(io.Discard, "", 0) // the deliveries tell which tries had no answer
	b.server = &http.Server{
		Handler: &httputil.ReverseProxy{
			Rewrite: func(r *httputil.ProxyRequest) {
				r.Out.URL.Scheme, r.Out.URL.Host = "http", r.In.Host // RoundTrip chooses the server
				r.Out.Host = r.In.Host
			},
			Transport: b, ErrorLog: quiet,
		},
		ReadHeaderTimeout: 10 * time.Second, ErrorLog: quiet,
	}
	go func() {
		defer close(b.ended)
		_ = b.server.Serve(l) // until stop
	}()
	return b, nil
}

// order is the one in which servers are asked.
func (b *balancer) order() []int {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.rng.Perm(len(b.servers))
}

// RoundTrip asks servers, two at the most.
func (b *balancer) RoundTrip(r *http.Request) (*http.Response, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, largestBody+1))
	if err != nil {
		return nil, fmt.Errorf("read the request: %w", err)
	}
	if len(body) > largestBody {
		return nil, errors.New("the request is larger than a message")
	}
	var asked []string
	for _, i := range b.order() {
		server := b.servers[i]
		asked = append(asked, server)
		resp, err := b.ask(r, server, body)
		last := len(asked) == min(serversATry, len(b.servers)) || r.Context().Err() != nil
		switch {
		case err == nil && (resp.StatusCode < http.StatusInternalServerError || last):
			resp.Header.Set("X-Upstream", strings.Join(asked, ", "))
			return resp, nil
		case err == nil:
			_ = resp.Body.Close()
		case last:
			return nil, err
		}
	}
	return nil, errors.New("there is no server")
}

// ask gives one server the time that a try has behind a load balancer.
func (b *balancer) ask(r *http.Request, server string, body []byte) (*http.Response, error) {
	ctx, cancel := context.WithCancel(r.Context())
	limit := time.AfterFunc(defaultTryTimeout, cancel)
	out := r.Clone(ctx)
	out.URL.Host = server
	out.Body, out.ContentLength = io.NopCloser(bytes.NewReader(body)), int64(len(body))
	resp, err := b.conns.RoundTrip(out)
	if err != nil {
		limit.Stop()
		cancel()
		return nil, err
	}
	resp.Body = bounded{resp.Body, func() { limit.Stop(); cancel() }}
	return resp, nil
}

// bounded is an answer whose limit ends with it.
type bounded struct {
	io.ReadCloser
	end func()
}

// Close ends the limit too.
func (b bounded) Close() error {
	defer b.end()
	return b.ReadCloser.Close()
}

// stop ends all connections.
func (b *balancer) stop() error {
	err := b.server.Close()
	<-b.ended
	b.conns.CloseIdleConnections()
	return err
}
