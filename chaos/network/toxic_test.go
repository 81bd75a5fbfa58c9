package network

import (
	"errors"
	"io"
	"strings"
	"syscall"
	"testing"
	"time"
)

// What a client experiences under each fault, and afterwards. Lower bounds are
// exact, upper ones leave room for a busy machine.
func TestToxics(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 4000)
	tests := []struct {
		name   string
		toxic  Toxic
		under  func(t *testing.T, u *upstream, before *client, addr string)
		cutsIt bool // the connection from before does not survive the fault
	}{
		{name: "latency of answers", toxic: Latency(Down, 80*ms, 0), under: slowEcho(80*ms, 1500*ms)},
		{name: "latency of requests", toxic: Latency(Up, 80*ms, 20*ms), under: slowEcho(60*ms, 1500*ms)},
		{name: "bandwidth", toxic: Bandwidth(Down, 100), under: func(t *testing.T, _ *upstream, c *client, _ string) {
			t.Helper()
			n, took, err := c.give(40_000, 10*time.Second)
			if err != nil || n != 40_000 || took < 300*ms {
				t.Errorf("40 kB at 100 kB/s: %d bytes in %v, %v; want at least 300 ms", n, took, err)
			}
		}},
		{name: "slow close", toxic: SlowClose(Down, 200*ms), under: func(t *testing.T, _ *upstream, _ *client, addr string) {
			t.Helper()
			c := dial(t, addr)
			begin := time.Now()
			must(t, c.say("bye", 10*time.Second))
			_, err := c.in.ReadByte()
			if took := time.Since(begin); !errors.Is(err, io.EOF) || took < 200*ms {
				t.Errorf("the end came after %v as %v, want 200 ms and EOF", took, err)
			}
		}},
		{name: "black hole", toxic: Timeout(Up, 0), cutsIt: true, under: func(t *testing.T, u *upstream, c *client, addr string) {
			t.Helper()
			if _, err := c.echo("swallowed", 150*ms); !timedOut(err) {
				t.Errorf("an open connection: %v, want no answer", err)
			}
			if _, err := dial(t, addr).echo("swallowed", 150*ms); !timedOut(err) {
				t.Errorf("a new connection: %v, want no answer", err)
			}
			if u.saw("echo swallowed") {
				t.Error("the server saw what was swallowed")
			}
		}},
		{name: "timeout", toxic: Timeout(Down, 100*ms), cutsIt: true, under: func(t *testing.T, u *upstream, _ *client, addr string) {
			t.Helper()
			took, err := dial(t, addr).echo("late", 10*time.Second)
			if !errors.Is(err, io.EOF) || took < 90*ms || !u.saw("echo late") {
				t.Errorf("after %v: %v, seen %v; want EOF after 100 ms of a request that was seen", took, err, u.saw("echo late"))
			}
		}},
		{name: "reset of requests", toxic: ResetPeer(Up, 0), cutsIt: true, under: func(t *testing.T, u *upstream, _ *client, addr string) {
			t.Helper()
			if _, err := dial(t, addr).echo("reset", 10*time.Second); !errors.Is(err, syscall.ECONNRESET) {
				t.Errorf("got %v, want a reset", err)
			}
			if u.saw("echo reset") {
				t.Error("the server saw a request that was reset before it")
			}
		}},
		{name: "reset of answers", toxic: ResetPeer(Down, 20*ms), cutsIt: true, under: func(t *testing.T, u *upstream, _ *client, addr string) {
			t.Helper()
			took, err := dial(t, addr).echo("reset", 10*time.Second)
			if !errors.Is(err, syscall.ECONNRESET) || took < 20*ms || !u.saw("echo reset") {
				t.Errorf("after %v: %v, seen %v; want a reset after 20 ms of a request that was seen", took, err, u.saw("echo reset"))
			}
		}},
		{name: "slicer", toxic: Slice(Up, 400, 0, 20*ms), under: func(t *testing.T, _ *upstream, c *client, _ string) {
			t.Helper()
			// 4005 bytes in pieces of about 400, 20 ms after each.
			if took, err := c.echo(long, 10*time.Second); err != nil || took < 140*ms {
				t.Errorf("%v after %v, want at least 7 pauses of 20 ms", err, took)
			}
		}},
		{name: "data limit", toxic: LimitData(Down, 1000), cutsIt: true, under: func(t *testing.T, _ *upstream, _ *client, addr string) {
			t.Helper()
			if n, _, err := dial(t, addr).give(5000, 10*time.Second); n != 1000 || !errors.Is(err, io.EOF) {
				t.Errorf("%d bytes, then %v; want 1000 and EOF", n, err)
			}
		}},
		{name: "cut", toxic: Cut(), cutsIt: true, under: func(t *testing.T, _ *upstream, c *client, addr string) {
			t.Helper()
			if err := accepted(t.Context(), addr); !errors.Is(err, syscall.ECONNREFUSED) {
				t.Errorf("a new client got %v, want to be refused", err)
			}
			if _, err := c.echo("cut", 5*time.Second); err == nil || timedOut(err) {
				t.Errorf("an open connection: %v, want its end", err)
			}
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			u, p := newUpstream(t), started(t)
			addr := linked(t, p, "app-db", u)
			before := dial(t, addr)
			if _, err := before.echo("before", 5*time.Second); err != nil {
				t.Fatal(err)
			}
			f := p.Fault("planted", "app-db", test.toxic)
			inject(t, f)
			test.under(t, u, before, addr)
			heal(t, f)

			clients := map[string]*client{"a new connection": dial(t, addr)}
			if !test.cutsIt {
				clients["the connection from before"] = before
			}
			for name, c := range clients {
				if took, err := c.echo("healed", 5*time.Second); err != nil || took > time.Second {
					t.Errorf("%s after the fault: %v in %v", name, err, took)
				}
			}
			if n, _, err := dial(t, addr).give(5000, 5*time.Second); n != 5000 || err != nil {
				t.Errorf("%d of 5000 bytes after the fault, %v", n, err)
			}
		})
	}
}

// slowEcho wants round trips of existing and new connections within bounds.
func slowEcho(from, to time.Duration) func(*testing.T, *upstream, *client, string) {
	return func(t *testing.T, _ *upstream, before *client, addr string) {
		t.Helper()
		for name, c := range map[string]*client{"an open connection": before, "a new connection": dial(t, addr)} {
			if took, err := c.echo("slow", 10*time.Second); err != nil || took < from || took > to {
				t.Errorf("%s: %v in %v, want %v to %v", name, err, took, from, to)
			}
		}
	}
}

func TestToxicsRefused(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	linked(t, p, "app-db", u)
	for name, bad := range map[string]Toxic{
		"zero value":             {},
		"no latency":             Latency(Down, 0, 0),
		"jitter above latency":   Latency(Down, ms, 2*ms),
		"no direction":           Latency("", ms, 0),
		"unknown direction":      Bandwidth("sideways", 1),
		"no bandwidth":           Bandwidth(Up, 0),
		"no delay":               SlowClose(Up, 0),
		"time below a ms":        Timeout(Up, time.Microsecond),
		"negative reset":         ResetPeer(Up, -ms),
		"variation over average": Slice(Up, 10, 10, 0),
		"no limit":               LimitData(Up, 0),
	} {
		f := p.Fault("bad", "app-db", bad)
		if err := f.Inject(t.Context()); err == nil {
			t.Errorf("%s is accepted", name)
		}
		if err := f.Recover(t.Context()); err != nil {
			t.Errorf("recovery after the refused %s: %v", name, err)
		}
	}
	if err := p.Fault("none", "app-db").Inject(t.Context()); err == nil {
		t.Error("a fault without a toxic is accepted")
	}
	if err := p.Fault("lost", "nowhere", Cut()).Inject(t.Context()); err == nil || !strings.Contains(err.Error(), "nowhere") {
		t.Errorf("a fault on an unknown link: %v", err)
	}
}
