package network

import (
	"errors"
	"fmt"
	"net"
	"sync"
	"testing"
	"time"

	"oalab/chaos"
)

func TestLinks(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	addr := linked(t, p, "app-db", u)
	if again := linked(t, p, "app-db", u); again != addr {
		t.Errorf("the same link twice: %s and %s", addr, again)
	}
	if other := linked(t, p, "app-redis", u); other == addr {
		t.Errorf("two links share %s", addr)
	}
	if _, err := p.Link("app-db", "127.0.0.1:1"); err == nil {
		t.Error("a link with another upstream is accepted")
	}
	if _, err := p.Link("app-mq", "no port"); err == nil {
		t.Error("an upstream without a port is accepted")
	}
	if _, err := p.Link("", u.addr); err == nil {
		t.Error("a link without a name is accepted")
	}
}

// Faults of one link are independent of each other, whichever ends first.
func TestOverlappingFaults(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	addr := linked(t, p, "app-db", u)
	slow := p.Fault("slow", "app-db", Latency(Down, 60*ms, 0))
	slower := p.Fault("slower", "app-db", Latency(Up, 60*ms, 0))
	cut := p.Fault("cut", "app-db", Cut())
	again := p.Fault("cut-again", "app-db", Cut())
	echo := func(from time.Duration) {
		t.Helper()
		if took, err := dial(t, addr).echo("x", 5*time.Second); err != nil || took < from || took > from+500*ms {
			t.Errorf("%v in %v, want about %v", err, took, from)
		}
	}

	inject(t, slow)
	inject(t, slower)
	echo(120 * ms)
	heal(t, slow)
	echo(60 * ms)
	inject(t, cut)
	inject(t, again)
	heal(t, slower) // a change while the link is cut
	heal(t, cut)    // the other still cuts it
	if accepted(t.Context(), addr) == nil {
		t.Error("the link is open although one fault still cuts it")
	}
	inject(t, slow)
	heal(t, again)
	echo(60 * ms)
	heal(t, slow)
	echo(0)
}

func TestReset(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	db, mq := linked(t, p, "app-db", u), linked(t, p, "app-mq", u)
	all := []chaos.Fault{
		p.Fault("a", "app-db", Latency(Down, 5*time.Second, 0), Latency(Up, 5*time.Second, 0)),
		p.Fault("b", "app-db", ResetPeer(Up, 0)), p.Fault("c", "app-mq", Cut(), Timeout(Down, 0)),
	}
	for _, f := range all {
		inject(t, f)
	}
	must(t, p.Reset(limit(t, 10*time.Second)))
	for _, addr := range []string{db, mq} {
		if took, err := dial(t, addr).echo("x", 5*time.Second); err != nil || took > time.Second {
			t.Errorf("after a reset: %v in %v", err, took)
		}
	}
	for _, f := range all { // the faults notice that they are healed already
		heal(t, f)
	}
}

// A connection whose client does not read blocks Toxiproxy's own removal of a toxic. The
// link must still come back on its address.
func TestRemovalThatHangs(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	p.limit = 200 * ms
	addr := linked(t, p, "app-db", u)
	f := p.Fault("slow", "app-db", Latency(Down, 10*ms, 0))
	other := p.Fault("other", "app-db", Latency(Up, 60*ms, 0))
	inject(t, f)
	inject(t, other)
	idle := dial(t, addr)
	must(t, idle.say("flood", 10*time.Second))
	if _, err := idle.in.ReadByte(); err != nil { // it flows; from now on the client does not read
		t.Fatal(err)
	}
	full(t, u)
	begin := time.Now()
	heal(t, f)
	if took := time.Since(begin); took < 200*ms {
		t.Errorf("healed in %v: the removal did not hang, so this test shows nothing", took)
	}
	if took, err := dial(t, addr).echo("x", 5*time.Second); err != nil || took < 60*ms || took > time.Second {
		t.Errorf("after the removal: %v in %v, want the other fault alone", err, took)
	}
	heal(t, other)
	if took, err := dial(t, addr).echo("x", 5*time.Second); err != nil || took > 50*ms+500*ms {
		t.Errorf("healed: %v in %v", err, took)
	}
}

// full waits until the upstream can write no more to its unread connection.
func full(t *testing.T, u *upstream) {
	t.Helper()
	last, same := int64(-1), 0
	tick := time.NewTicker(20 * ms)
	defer tick.Stop()
	for same < 10 {
		select {
		case <-tick.C:
		case <-t.Context().Done():
			t.Fatal("it never fills up")
		}
		if n := u.flooded.Load(); n == last {
			same++
		} else {
			last, same = n, 0
		}
	}
}

// While a link is cut something else may sit on its address for a moment.
func TestCutHealsWhenItsPortIsFree(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	addr := linked(t, p, "app-db", u)
	f := p.Fault("cut", "app-db", Cut())
	inject(t, f)
	squatter, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr)
	if err != nil {
		t.Fatal(err)
	}
	if err := f.Recover(limit(t, 50*ms)); err == nil {
		t.Error("recovered although the address is taken")
	}
	time.AfterFunc(100*ms, func() { squatter.Close() })
	heal(t, f)
	if _, err := dial(t, addr).echo("x", 5*time.Second); err != nil {
		t.Error(err)
	}
}

func TestFromManyGoroutines(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	addr := linked(t, p, "app-db", u)
	var all sync.WaitGroup
	for n := range 4 {
		all.Go(func() {
			f := p.Fault(fmt.Sprint("f", n), "app-db", Latency(Down, time.Duration(n+1)*ms, 0))
			for range 5 {
				for _, step := range []error{
					f.Inject(t.Context()), f.AwaitEffect(t.Context()), f.Recover(t.Context()), f.AwaitHealed(t.Context()),
				} {
					if step != nil {
						t.Error(step)
					}
				}
			}
		})
	}
	c := dial(t, addr)
	for range 50 {
		if _, err := c.echo("x", 5*time.Second); err != nil {
			t.Error(err)
			break
		}
	}
	all.Wait()
}

func TestStop(t *testing.T) {
	t.Parallel()
	u := newUpstream(t)
	p, err := Start(t.Context(), 1)
	must(t, err)
	addr := linked(t, p, "app-db", u)
	c := dial(t, addr)
	f := p.Fault("slow", "app-db", Latency(Down, 10*ms, 0))
	inject(t, f)
	must(t, p.Stop(limit(t, 10*time.Second)))
	must(t, p.Stop(limit(t, 10*time.Second)))
	if accepted(t.Context(), addr) == nil {
		t.Error("a stopped link lets clients in")
	}
	if _, err := c.echo("x", 5*time.Second); err == nil || timedOut(err) {
		t.Errorf("an open connection: %v, want its end", err)
	}
	if _, err := p.Link("app-mq", u.addr); !errors.Is(err, ErrStopped) {
		t.Errorf("a link after the stop: %v", err)
	}
	if err := f.Inject(t.Context()); !errors.Is(err, ErrStopped) {
		t.Errorf("a fault after the stop: %v", err)
	}
}

// The whole way, overlap included: what the injector says was in effect is what
// a client saw.
func TestInjectorOnLinks(t *testing.T) {
	t.Parallel()
	u, p := newUpstream(t), started(t)
	addr := linked(t, p, "app-db", u)
	var mu sync.Mutex
	active := map[string]time.Duration{}
	windows, err := chaos.NewInjector(chaos.Schedule{
		{Fault: p.Fault("slow", "app-db", Latency(Down, 70*ms, 0)), At: 50 * ms, For: 400 * ms},
		{Fault: p.Fault("cut-link", "app-mq", Cut()), At: 100 * ms, For: 200 * ms},
	}, chaos.Options{StepTimeout: 5 * time.Second, RecoverTimeout: 100 * ms, OnActive: func(w chaos.Window) {
		if w.Fault == "slow" {
			took, err := dial(t, addr).echo("x", 5*time.Second)
			if err != nil {
				t.Error(err)
			}
			mu.Lock()
			defer mu.Unlock()
			active[w.Fault] = took
		}
	}}).Run(t.Context(), time.Now())
	if err == nil || windows[1].Err == nil {
		t.Errorf("a fault on a link that is not there: Run %v, window %v", err, windows[1].Err)
	}
	if w := windows[0]; w.Err != nil || w.From < 50*ms || w.To < 450*ms || w.Healed < w.To {
		t.Errorf("window %+v", w)
	}
	if active["slow"] < 70*ms {
		t.Errorf("a round trip in the window took %v, want 70 ms", active["slow"])
	}
	if took, err := dial(t, addr).echo("x", 5*time.Second); err != nil || took > 500*ms {
		t.Errorf("after the run: %v in %v", err, took)
	}
}
