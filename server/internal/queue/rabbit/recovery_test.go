package rabbit

import (
	"context"
	"errors"
	"io"
	"net"
	"net/url"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oalab/server/internal/queue/queuetest"
)

// relayProxy carries the connections to the broker, so that a test can cut them.
type relayProxy struct {
	listener net.Listener
	to       string
	running  sync.WaitGroup

	mu     sync.Mutex
	conns  map[net.Conn]struct{}
	closed bool          // new connections are closed at once
	stall  chan struct{} // closed while bytes are carried
}

func newProxy(t testing.TB) *relayProxy {
	t.Helper()
	broker, err := url.Parse(brokerURL(t))
	if err != nil {
		t.Fatal(err)
	}
	var listen net.ListenConfig
	p := &relayProxy{to: broker.Host, conns: make(map[net.Conn]struct{}), stall: make(chan struct{})}
	close(p.stall)
	if p.listener, err = listen.Listen(t.Context(), "tcp", "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	p.running.Go(p.accept)
	t.Cleanup(func() {
		p.listener.Close()
		p.set(true, false)
		p.running.Wait()
	})
	return p
}

// address is the broker's address through the proxy.
func (p *relayProxy) address(t testing.TB) string {
	t.Helper()
	u, err := url.Parse(brokerURL(t))
	if err != nil {
		t.Fatal(err)
	}
	u.Host = p.listener.Addr().String()
	return u.String()
}

// set cuts all connections and refuses new ones (closed), or carries no bytes.
func (p *relayProxy) set(closed, stalled bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = closed
	select {
	case <-p.stall:
		if stalled {
			p.stall = make(chan struct{})
		}
	default:
		if !stalled {
			close(p.stall)
		}
	}
	if closed {
		for c := range p.conns {
			_ = c.(*net.TCPConn).SetLinger(0)
			c.Close()
		}
		clear(p.conns)
	}
}

func (p *relayProxy) accept() {
	for {
		near, err := p.listener.Accept()
		if err != nil {
			return
		}
		p.running.Go(func() { p.carry(near) })
	}
}

func (p *relayProxy) carry(near net.Conn) {
	defer near.Close()
	far, err := (&net.Dialer{}).Dial("tcp", p.to)
	if err != nil {
		return
	}
	defer far.Close()
	p.mu.Lock()
	if p.closed {
		p.mu.Unlock()
		return
	}
	p.conns[near], p.conns[far] = struct{}{}, struct{}{}
	p.mu.Unlock()
	var both sync.WaitGroup
	for from, to := range map[net.Conn]net.Conn{near: far, far: near} {
		both.Go(func() {
			defer to.Close()
			_, _ = io.Copy(gate{p, to}, from)
		})
	}
	both.Wait()
}

// gate writes unless the proxy is stalled.
type gate struct {
	p  *relayProxy
	to io.Writer
}

// Write implements io.Writer.
func (g gate) Write(b []byte) (int, error) {
	g.p.mu.Lock()
	stall := g.p.stall
	g.p.mu.Unlock()
	<-stall
	return g.to.Write(b)
}

// TestCutAndRestored: publishers and consumers come back by themselves, and nothing
// that was confirmed is lost.
func TestCutAndRestored(t *testing.T) {
	p := newProxy(t)
	r := newRig(t, func(c *Config) { c.URL, c.Nodes, c.Timeout = p.address(t), nil, time.Second })
	ctx, stop := context.WithTimeout(t.Context(), 3*patience)
	defer stop()

	var mu sync.Mutex
	confirmed, done := map[string]bool{}, map[string]int{}
	var next, failed atomic.Int64
	publish, quiet := context.WithCancel(ctx)
	var publishing, working sync.WaitGroup
	for range 4 {
		publishing.Go(func() {
			for publish.Err() == nil {
				env := queuetest.Job(queuetest.KindOrder, int(next.Add(1)))
				for publish.Err() == nil { // as the relay does: until it is confirmed
					if err := r.Publish(ctx, env); err != nil {
						failed.Add(1)
						pause(publish, 10*time.Millisecond)
						continue
					}
					mu.Lock()
					confirmed[env.Key] = true
					mu.Unlock()
					break
				}
			}
		})
	}
	for range 4 {
		working.Go(func() {
			for n := 0; ; n++ {
				d, err := r.Receive(ctx, queuetest.QueueOrders)
				if err != nil {
					return
				}
				if n%5 == 0 {
					_ = d.Nack(ctx, 5*time.Millisecond)
					continue
				}
				if err := d.Ack(ctx); err == nil {
					mu.Lock()
					done[d.Envelope().Key]++
					mu.Unlock()
				}
			}
		})
	}
	finished := func() int { mu.Lock(); defer mu.Unlock(); return len(done) }
	for range 3 {
		before := finished()
		r.until("jobs are done", func() bool { return finished() > before+50 })
		p.set(true, false)
		r.until("it is noticed", func() bool { return r.Ready(ctx) != nil })
		p.set(false, false)
		r.until("it is restored", func() bool { return r.Ready(ctx) == nil })
	}
	quiet()
	publishing.Wait()
	left := func() (n int) {
		mu.Lock()
		defer mu.Unlock()
		for key := range confirmed {
			if done[key] == 0 {
				n++
			}
		}
		return n
	}
	t.Logf("%d confirmed, %d tries failed, %d to be done after 3 cuts", len(confirmed), failed.Load(), left())
	r.until("all that was confirmed is done", func() bool { return left() == 0 })
	stop()
	working.Wait()
}

// TestAcknowledgedStaysDone: a job whose acknowledgement has arrived does not come
// back when its connection breaks.
func TestAcknowledgedStaysDone(t *testing.T) {
	p := newProxy(t)
	r := newRig(t, func(c *Config) { c.URL, c.Nodes, c.Timeout = p.address(t), nil, time.Second })
	for n := range 20 {
		r.publish(queuetest.KindOrder, n)
		if err := r.receive(queuetest.QueueOrders).Ack(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	r.figures(queuetest.QueueOrders) // an answer over the connection that carried the acknowledgements
	p.set(true, false)
	for _, at := range []string{queuetest.QueueOrders, queuetest.QueueOrders + ".wait"} {
		if n := r.unattended(at); n > 0 {
			t.Errorf("%d jobs came back to %s", n, at)
		}
	}
}

// TestSilence: a connection that carries nothing bounds no one but by their
// context, and is given up after some heartbeats.
func TestSilence(t *testing.T) {
	p := newProxy(t)
	r := newRig(t, func(c *Config) { c.URL, c.Nodes, c.Heartbeat = p.address(t), nil, time.Second })
	r.publish(queuetest.KindOrder, 1)
	if err := r.receive(queuetest.QueueOrders).Ack(t.Context()); err != nil {
		t.Fatal(err)
	}
	p.set(false, true)
	var all sync.WaitGroup
	for i := range 50 {
		all.Go(func() {
			ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
			defer cancel()
			start := time.Now()
			err := r.Publish(ctx, queuetest.Job(queuetest.KindOrder, 10+i))
			if !errors.Is(err, context.DeadlineExceeded) || time.Since(start) > 2*time.Second {
				t.Errorf("publish into the silence: %v after %s", err, time.Since(start))
			}
		})
	}
	all.Wait()
	r.until("the silence is noticed", func() bool { return r.Ready(t.Context()) != nil })
	p.set(true, false)
	p.set(false, false)
	r.until("it is restored", func() bool { return r.Ready(t.Context()) == nil })
	r.publish(queuetest.KindOrder, 2)
	if err := r.receive(queuetest.QueueOrders).Ack(t.Context()); err != nil {
		t.Error(err)
	}
}

// BenchmarkPublish: confirms of many publishers are on their way together. Compare
// with one publisher, which waits for each.
func BenchmarkPublish(b *testing.B) {
	for _, bench := range []struct {
		name       string
		publishers int
	}{{"publishers=1", 1}, {"publishers=64", 64}, {"publishers=256", 256}} {
		b.Run(bench.name, func(b *testing.B) {
			r := newRig(b, nil)
			r.publish(queuetest.KindOrder, 0)
			env := queuetest.Job(queuetest.KindOrder, 1)
			b.ReportAllocs()
			b.ResetTimer()
			var left atomic.Int64
			left.Store(int64(b.N))
			var all sync.WaitGroup
			for range bench.publishers {
				all.Go(func() {
					for left.Add(-1) >= 0 {
						if err := r.Publish(b.Context(), env); err != nil {
							b.Error(err)
							return
						}
					}
				})
			}
			all.Wait()
			b.StopTimer()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "jobs/s")
		})
	}
}
