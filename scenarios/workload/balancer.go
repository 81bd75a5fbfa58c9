package workload

import (
	"errors"
	"hash/fnv"
	"net/http"
	"sync/atomic"
)

// balancer stands in for a load balancer before several servers. As Nginx does, it asks the
// next server when one does not answer: all requests of browsers here are GETs.
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
		asked.URL.Host = w.servers[(first+i)%len(w.servers)]
		resp, err := w.next.RoundTrip(asked)
		if err == nil {
			resp.Request = r
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
	sum := fnv.New64a()
	_, _ = sum.Write([]byte(w.follower)) // a hash never fails to write
	return int(sum.Sum64() % n)
}
