package scaler

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"strconv"
	"strings"
	"sync"
	"time"
)

// Health asks one app server, named as in Config.Servers, whether it can serve; nil means
// that it can. It returns soon after ctx ends.
type Health func(ctx context.Context, server string) error

const (
	// healthTimeout is how long an app server may take to say that it can serve.
	healthTimeout = time.Second
	// healthFall failures in a row make a server unhealthy, healthRise successes in a row
	// make it healthy again. One lost packet or one long collection moves nothing.
	healthFall = 3
	healthRise = 2
)

// health follows whether each app server can serve. All servers count as healthy until
// they have failed: a scaler that has just started must not empty the pool.
type health struct {
	ask     Health // nil: every server counts as healthy, and none stands by
	servers []string
	down    []bool
	against []int // answers in a row that contradict down
}

func newHealth(ask Health, servers []string) *health {
	return &health{ask: ask, servers: servers, down: make([]bool, len(servers)), against: make([]int, len(servers))}
}

// change is a server whose health is another one now.
type change struct {
	server string
	err    error // why it is unhealthy; nil when it is healthy
}

// look asks all servers at once and returns their answers, in their order.
func (h *health) look(ctx context.Context) []error {
	ctx, cancel := context.WithTimeout(ctx, healthTimeout)
	defer cancel()
	errs := make([]error, len(h.servers))
	var all sync.WaitGroup
	for i, server := range h.servers {
		all.Go(func() { errs[i] = h.ask(ctx, server) })
	}
	all.Wait()
	return errs
}

// take counts the answers and returns the servers whose health has changed.
func (h *health) take(errs []error) []change {
	var changes []change
	for i, err := range errs {
		if (err != nil) == h.down[i] {
			h.against[i] = 0
			continue
		}
		h.against[i]++
		needed := healthFall
		if h.down[i] {
			needed = healthRise
		}
		if h.against[i] >= needed {
			h.down[i], h.against[i] = !h.down[i], 0
			changes = append(changes, change{server: h.servers[i], err: err})
		}
	}
	return changes
}

// healthy is how many servers are healthy.
func (h *health) healthy() int {
	n := 0
	for _, down := range h.down {
		if !down {
			n++
		}
	}
	return n
}

// pool is the list of n servers in their order, healthy ones first of all, and behind
// them the next healthy one as a backup. Where fewer than n are healthy the list is
// filled with servers that are not: when all of them fail, for example without their
// database, the load balancer keeps the pool that the load needs.
func (h *health) pool(n int) []string {
	in, left := make([]bool, len(h.servers)), n
	standby := -1
	for i, down := range h.down {
		switch {
		case down:
		case left > 0:
			in[i] = true
			left--
		case standby < 0:
			standby = i
		}
	}
	for i := range h.servers {
		if left > 0 && !in[i] {
			in[i] = true
			left--
		}
	}
	list := make([]string, 0, n+1)
	for i, server := range h.servers {
		if in[i] {
			list = append(list, server)
		}
	}
	if standby >= 0 && h.ask != nil {
		list = append(list, h.servers[standby]+",backup")
	}
	return list
}

// Ready is a Health that gets path from the app server over a connection of its own; any
// status but 200 is an error. A port other than 0 takes the place of the server's own.
func Ready(path string, port int) Health {
	client := &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return func(ctx context.Context, server string) (err error) {
		address, _, _ := strings.Cut(server, ",") // without Nginx's parameters
		if port != 0 {
			host, _, err := net.SplitHostPort(address)
			if err != nil {
				return fmt.Errorf("app server %s: %w", server, err)
			}
			address = net.JoinHostPort(host, strconv.Itoa(port))
		}
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, "http://"+address+path, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		defer func() { err = errors.Join(err, resp.Body.Close()) }()
		if resp.StatusCode != http.StatusOK {
			return fmt.Errorf("GET %s: %s", req.URL, resp.Status)
		}
		_, err = io.Copy(io.Discard, io.LimitReader(resp.Body, statusLimit))
		return err
	}
}
