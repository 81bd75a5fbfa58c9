package network

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/chaos"
)

// What Toxiproxy forgets: the reader and the stubs of a connection that a toxic
// closes while bytes wait before it, and all around a removal that hangs. What a
// Stop of ours would forget (accept loops, links that copy) is still found.
func TestMain(m *testing.M) {
	const toxiproxy = "github.com/Shopify/toxiproxy/v2"
	goleak.VerifyTestMain(m,
		goleak.IgnoreTopFunction(toxiproxy+"/stream.(*ChanWriter).Write"),
		goleak.IgnoreAnyFunction(toxiproxy+"/toxics.(*ToxicStub).Run"),
		goleak.IgnoreAnyFunction(toxiproxy+".(*ToxicCollection).RemoveToxic"),
		goleak.IgnoreAnyFunction(toxiproxy+".(*ToxicCollection).RemoveLink"),
		goleak.IgnoreAnyFunction(toxiproxy+".(*ToxicLink).RemoveToxic"),
	)
}

const ms = time.Millisecond

// upstream answers lines: "echo X" with X, "give N" with N bytes, "bye" by
// closing, "flood" with bytes until the client goes.
type upstream struct {
	addr string

	flooded atomic.Int64

	mu   sync.Mutex
	seen []string
}

func newUpstream(t *testing.T) *upstream {
	t.Helper()
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	u := &upstream{addr: l.Addr().String()}
	var all sync.WaitGroup
	var mu sync.Mutex
	var conns []net.Conn
	all.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			mu.Lock()
			conns = append(conns, c)
			mu.Unlock()
			all.Go(func() { u.serve(c) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		mu.Unlock()
		all.Wait()
	})
	return u
}

func (u *upstream) serve(c net.Conn) {
	defer c.Close()
	in := bufio.NewScanner(c)
	for in.Scan() {
		line := in.Text()
		u.mu.Lock()
		u.seen = append(u.seen, line)
		u.mu.Unlock()
		word, rest, _ := strings.Cut(line, " ")
		switch word {
		case "echo":
			fmt.Fprintln(c, rest)
		case "give":
			var n int
			if _, err := fmt.Sscan(rest, &n); err != nil {
				return
			}
			_, _ = c.Write(make([]byte, n)) // the client may have been cut off, as planned
		case "bye":
			return
		case "flood":
			for {
				n, err := c.Write(make([]byte, 64<<10))
				if err != nil {
					return
				}
				u.flooded.Add(int64(n))
			}
		}
	}
}

func (u *upstream) saw(line string) bool {
	u.mu.Lock()
	defer u.mu.Unlock()
	return slices.Contains(u.seen, line)
}

// client is one connection through a link.
type client struct {
	net.Conn
	in *bufio.Reader
}

func dial(t *testing.T, addr string) *client {
	t.Helper()
	d := net.Dialer{Timeout: 5 * time.Second}
	c, err := d.DialContext(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return &client{Conn: c, in: bufio.NewReader(c)}
}

func (c *client) say(line string, limit time.Duration) error {
	if err := c.SetDeadline(time.Now().Add(limit)); err != nil {
		return err
	}
	_, err := fmt.Fprintln(c, line)
	return err
}

// echo is one round trip and how long it took.
func (c *client) echo(word string, limit time.Duration) (time.Duration, error) {
	begin := time.Now()
	if err := c.say("echo "+word, limit); err != nil {
		return 0, err
	}
	got, err := c.in.ReadString('\n')
	if err != nil {
		return time.Since(begin), err
	}
	if got != word+"\n" {
		return 0, fmt.Errorf("echo of %q is %q", word, got)
	}
	return time.Since(begin), nil
}

// give asks for n bytes and returns how many came until limit or the end.
func (c *client) give(n int, limit time.Duration) (int64, time.Duration, error) {
	begin := time.Now()
	if err := c.say(fmt.Sprint("give ", n), limit); err != nil {
		return 0, 0, err
	}
	got, err := io.CopyN(io.Discard, c.in, int64(n))
	return got, time.Since(begin), err
}

func started(t *testing.T) *Proxies {
	t.Helper()
	p, err := Start(t.Context(), 1)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 10*time.Second)
		defer cancel()
		if err := p.Stop(ctx); err != nil {
			t.Errorf("stop: %v", err)
		}
	})
	return p
}

func linked(t *testing.T, p *Proxies, name chaos.Target, u *upstream) string {
	t.Helper()
	addr, err := p.Link(name, u.addr)
	if err != nil {
		t.Fatal(err)
	}
	return addr
}

func limit(t *testing.T, d time.Duration) context.Context {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), d)
	t.Cleanup(cancel)
	return ctx
}

func inject(t *testing.T, f chaos.Fault) {
	t.Helper()
	must(t, f.Inject(limit(t, 10*time.Second)))
	must(t, f.AwaitEffect(limit(t, 10*time.Second)))
}

func heal(t *testing.T, f chaos.Fault) {
	t.Helper()
	must(t, f.Recover(limit(t, 10*time.Second)))
	must(t, f.AwaitHealed(limit(t, 10*time.Second)))
}

func must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

func timedOut(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}
