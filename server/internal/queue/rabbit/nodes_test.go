package rabbit

import (
	"context"
	"errors"
	"log/slog"
	"net"
	"slices"
	"sync"
	"testing"
	"time"

	"oalab/server/internal/queue/queuetest"
)

// A connection that fails is followed by one to the next node, until all were tried, and
// the account stays that of the URL.
func TestNodesAreTriedInTurn(t *testing.T) {
	t.Parallel()
	var mu sync.Mutex
	var tried []string
	all := make(chan struct{})
	cfg := Config{
		URL: "amqp://user:word@a:1/host", Nodes: []string{"b:2", "c:3"}, Prefix: "oalab.",
		Dial: func(_ context.Context, _, address string) (net.Conn, error) {
			mu.Lock()
			defer mu.Unlock()
			if tried = append(tried, address); len(tried) == 12 {
				close(all)
			}
			return nil, errors.New("nobody there")
		},
	}
	q, err := New(cfg, queuetest.Types().Queues(), slog.New(slog.DiscardHandler), nil)
	if err != nil {
		t.Fatal(err)
	}
	defer q.Close()
	select {
	case <-all:
	case <-time.After(patience):
		t.Fatal("too few tries")
	}
	mu.Lock()
	defer mu.Unlock()
	for _, node := range []string{"a:1", "b:2", "c:3"} {
		if !slices.Contains(tried[:12], node) {
			t.Errorf("%s was not tried: %q", node, tried)
		}
	}
}

func TestNodes(t *testing.T) {
	t.Parallel()
	n, err := newNodes(Config{URL: "amqps://u:p@a:1/v", Nodes: []string{"b:2"}})
	if err != nil {
		t.Fatal(err)
	}
	const a, b = "amqps://u:p@a:1/v", "amqps://u:p@b:2/v"
	if got := []string{n.next(), n.next(), n.next()}; !slices.Equal(got, []string{a, b, a}) || n.handshake() >= handshake {
		t.Errorf("in turn %q", got)
	}
	if n, err := newNodes(Config{URL: "amqp://a"}); err != nil || n.next() != "amqp://a" || n.next() != "amqp://a" || n.handshake() != handshake {
		t.Errorf("one node: %+v, %v", n, err)
	}
	for _, bad := range []string{"b", ":2", "b:", ""} {
		if _, err := newNodes(Config{URL: "amqp://a", Nodes: []string{bad}}); err == nil {
			t.Errorf("node %q was taken", bad)
		}
	}
}
