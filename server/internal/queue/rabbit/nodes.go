package rabbit

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"time"
)

// nodes are the addresses of one cluster. The first connection goes to the first, each
// after it to the next in turn, so that a node which is gone costs one failure. It is used
// by one link.
type nodes struct {
	urls []string
	used int // connections that were tried
}

// newNodes are the node of the URL and the further ones, where the same user and virtual
// host count.
func newNodes(cfg Config) (nodes, error) {
	n := nodes{urls: []string{cfg.URL}}
	u, err := url.Parse(cfg.URL)
	if err != nil {
		return nodes{}, errors.New("address of the broker cannot be read")
	}
	for _, at := range cfg.Nodes {
		if host, port, err := net.SplitHostPort(at); err != nil || host == "" || port == "" {
			return nodes{}, fmt.Errorf("node %q of the broker is not host:port", at)
		}
		u.Host = at
		n.urls = append(n.urls, u.String())
	}
	return n, nil
}

// next is where the next connection goes.
func (n *nodes) next() string {
	n.used++
	return n.urls[(n.used-1)%len(n.urls)]
}

// handshake is how long the opening of a connection may take, up to the broker's first
// answer: less where another node can be asked.
func (n *nodes) handshake() time.Duration {
	if len(n.urls) > 1 {
		return handshakeOfMany
	}
	return handshake
}
