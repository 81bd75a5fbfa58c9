package workload

import (
	"errors"
	"hash/fnv"
	"net/http"
	"net/netip"
	"strings"
	"sync/atomic"
)

// balancer stands in for a load balancer before several servers. As Nginx does, it asks the
// next server when one does not answer: all requests of browsers here are GETs. Before a load
// balancer it is a proxy, which tells it the address of the browser.
type balancer struct {
	next    http.RoundTripper
	host    string   // under which browsers know the service
	servers []string // host:port of each
	sticky  bool
	turn    atomic.Uint64
}

// way is the balancer as one browser at a time uses it. Requests to other hosts go there.
type way struct {
	*balancer
	follower string
	passedOn int // requests that a server did not answer
}

// RoundTrip asks the servers in their order until one answers.
func (w *way) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != w.host {
		return w.next.RoundTrip(r)
	}
	var errs []error
	first := w.first()
	for i := range w.servers {
		asked := r.Clone(r.Context())
		asked.Host = w.host
		asked.Header.Set("X-Forwarded-For", w.address())
		asked.URL.Host = w.servers[(first+i)%len(w.servers)]
		resp, err := w.next.RoundTrip(asked)
		if err == nil {
			resp.Request = r
			// A load balancer names the servers that it asked, in order.
			w.passedOn += strings.Count(resp.Header.Get("X-Upstream"), ",")
			return resp, nil
		}
		errs = append(errs, err)
		if r.Context().Err() != nil {
			break
		}
		w.passedOn++
	}
	return nil, errors.Join(errs...)
}

// first is the number of the server that is asked first.
func (w *way) first() int {
	n := uint64(len(w.servers))
	if !w.sticky {
		return int(w.turn.Add(1) % n)
	}
	return int(w.hash() % n)
}

func (w *way) hash() uint64 {
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(w.follower)) // a hash never fails to write
	return sum.Sum64()
}

// address is that of the browser: one of the inside, so that the load balancer names servers. Its
// third byte, the last that ip_hash takes in, differs from follower to follower.
func (w *way) address() string {
	h := w.hash()
	return netip.AddrFrom4([4]byte{198, 19, byte(h), byte(h >> 8)}).String()
}
