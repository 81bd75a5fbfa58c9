package sqldbtest

import (
	"bytes"
	"context"
	"net"
	"sync"
	"sync/atomic"
	"testing"

	"github.com/go-sql-driver/mysql"
)

// Wire stands between a store and its MySQL server, and breaks connections.
type Wire struct {
	// DSN is the data source name of the wire.
	DSN string

	mu    sync.Mutex
	ended bool
	links map[*link]bool

	trap   atomic.Pointer[trap]
	sprung atomic.Int32
	frozen atomic.Bool
}

// Break ends the next connection that sends a text: before the server has it, or, with
// deliver, once the server has answered.
func (w *Wire) Break(text string, deliver bool) { w.trap.Store(&trap{text, deliver}) }

// Broken is how many connections Break has ended.
func (w *Wire) Broken() int { return int(w.sprung.Load()) }

// Freeze says whether nothing passes any more.
func (w *Wire) Freeze(frozen bool) { w.frozen.Store(frozen) }

type trap struct {
	text    string
	deliver bool
}

type link struct {
	client, server net.Conn
	deaf           atomic.Bool // the client gets no answer any more
}

func (l *link) close() {
	l.client.Close()
	l.server.Close()
}

// NewWire makes a wire to the server of a data source name.
func NewWire(t *testing.T, dsn string) *Wire {
	t.Helper()
	c, err := mysql.ParseDSN(dsn)
	if err != nil {
		t.Fatal(err)
	}
	server := c.Addr
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	c.Addr = l.Addr().String()
	w := &Wire{DSN: c.FormatDSN(), links: make(map[*link]bool)}
	var running sync.WaitGroup
	ctx := context.WithoutCancel(t.Context())
	running.Go(func() {
		for {
			client, err := l.Accept()
			if err != nil {
				return
			}
			up, err := new(net.Dialer).DialContext(ctx, "tcp", server)
			if err != nil {
				client.Close()
				continue
			}
			k := &link{client: client, server: up}
			if !w.keep(k) {
				k.close()
				continue
			}
			running.Go(func() { w.ask(k) })
			running.Go(func() { w.answer(k) })
		}
	})
	t.Cleanup(func() {
		l.Close()
		w.mu.Lock()
		w.ended = true
		w.mu.Unlock()
		w.Cut()
		running.Wait()
	})
	return w
}

func (w *Wire) keep(k *link) bool {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.links[k] = true
	return !w.ended
}

// Cut ends all connections.
func (w *Wire) Cut() {
	w.mu.Lock()
	defer w.mu.Unlock()
	for k := range w.links {
		k.close()
		delete(w.links, k)
	}
}

// ask carries what the client says. A statement comes in a packet of its own.
func (w *Wire) ask(k *link) {
	defer k.close()
	buf := make([]byte, 1<<16)
	for {
		n, err := k.client.Read(buf)
		if err != nil {
			return
		}
		if w.frozen.Load() {
			continue
		}
		trap := w.trap.Load()
		if trap != nil && bytes.Contains(buf[:n], []byte(trap.text)) && w.trap.CompareAndSwap(trap, nil) {
			w.sprung.Add(1)
			if !trap.deliver {
				return
			}
			k.deaf.Store(true) // answer ends the connection
		}
		if _, err := k.server.Write(buf[:n]); err != nil {
			return
		}
	}
}

func (w *Wire) answer(k *link) {
	defer k.close()
	buf := make([]byte, 1<<16)
	for {
		n, err := k.server.Read(buf)
		if err != nil || k.deaf.Load() {
			return
		}
		if w.frozen.Load() {
			continue
		}
		if _, err := k.client.Write(buf[:n]); err != nil {
			return
		}
	}
}
