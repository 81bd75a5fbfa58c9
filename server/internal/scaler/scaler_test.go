package scaler

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
)

// nginx is a load balancer whose counters rise at a rate, on the clock of the bubble.
type nginx struct {
	mu     sync.Mutex
	perS   float64
	count  float64
	since  time.Time
	silent bool
}

func (n *nginx) advance() {
	if !n.since.IsZero() {
		n.count += n.perS * time.Since(n.since).Seconds()
	}
	n.since = time.Now()
}

// load changes the rate.
func (n *nginx) load(perS float64) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.advance()
	n.perS = perS
}

// restart begins the counters anew.
func (n *nginx) restart() {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.advance()
	n.count = 0
}

func (n *nginx) away(silent bool) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.silent = silent
}

func (n *nginx) read(context.Context) (Status, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	n.advance()
	if n.silent {
		return Status{}, errors.New("nobody answers")
	}
	c := uint64(n.count)
	return Status{Active: 3, Accepts: c, Handled: c, Requests: c, Writing: 1, Waiting: 2}, nil
}

// pool records what the scaler wants of Nginx.
type pool struct {
	mu      sync.Mutex
	begin   time.Time
	history []string // "seconds: servers"
	fail    error
}

func (p *pool) apply(_ context.Context, servers []string) error {
	p.mu.Lock()
	defer p.mu.Unlock()
	word := fmt.Sprintf("%v: %s", time.Since(p.begin).Seconds(), strings.Join(servers, " "))
	if p.fail != nil {
		word += " refused"
	}
	p.history = append(p.history, word)
	return p.fail
}

func (p *pool) told() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.history)
}

func (p *pool) failing(err error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fail = err
}

// world is a scaler on a bubble's clock, with the settings of the source.
type world struct {
	own, partner nginx
	apps         apps
	pool         pool
	reg          *prometheus.Registry
	log          strings.Builder
	scaler       *Scaler
}

// inWorld runs a scaler for as long as play takes.
func inWorld(t *testing.T, play func(w *world)) {
	t.Helper()
	inWorldWith(t, func(cfg Config) Config { return cfg }, play)
}

// inWorldWith changes the configuration before.
func inWorldWith(t *testing.T, change func(Config) Config, play func(w *world)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		w := &world{reg: prometheus.NewRegistry()}
		w.pool.begin = time.Now()
		var err error
		w.scaler, err = New(change(Config{
			Own: w.own.read, Partner: w.partner.read, Every: 5 * time.Second, Hold: 15 * time.Second, Margin: 0.1,
			Bands: DefaultBands(), Servers: []string{"a", "b", "c", "d", "e", "f"}, Apply: w.pool.apply,
			Health: w.apps.ask, HealthEvery: time.Second,
		}), slog.New(slog.NewTextHandler(&w.log, nil)), w.reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, stop := context.WithCancel(t.Context())
		over := make(chan error, 1)
		go func() { over <- w.scaler.Run(ctx) }()
		synctest.Wait()
		play(w)
		stop()
		if err := <-over; err != nil {
			t.Error(err)
		}
	})
}

// after lets time pass until just behind the looks at its end.
func after(d time.Duration) {
	time.Sleep(d)
	synctest.Wait()
}

func want(t *testing.T, w *world, history ...string) {
	t.Helper()
	if diff := cmp.Diff(history, w.pool.told()); diff != "" {
		t.Errorf("changes (-want +got):\n%s\nlog:\n%s", diff, w.log.String())
	}
}

func value(t *testing.T, w *world, name string, labels ...string) float64 {
	t.Helper()
	families, err := w.reg.Gather()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range families {
		if f.GetName() != name {
			continue
		}
		for _, m := range f.GetMetric() {
			var got []string
			for _, l := range m.GetLabel() {
				got = append(got, l.GetValue())
			}
			if slices.Equal(got, labels) {
				return m.GetGauge().GetValue() + m.GetCounter().GetValue()
			}
		}
	}
	return -1
}

// TestFollowsTheBands: the load goes through the five bands and back, and each is
// entered once and left once.
func TestFollowsTheBands(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		for _, perS := range []float64{1, 700, 2000, 7000, 20_000, 7000, 2000, 700, 1} {
			w.own.load(perS)
			after(30 * time.Second)
		}
		want(t, w,
			"0: a b c d e f,backup", "20: a b,backup", // nothing is known for 5 s, and then the hold
			"35: a b c,backup", "65: a b c d,backup", "95: a b c d e,backup", "125: a b c d e f,backup", // at once, with the first average
			"170: a b c d e,backup", "200: a b c d,backup", "230: a b c,backup", "260: a b,backup", // after the hold
		)
		if got := value(t, w, "oalab_scaler_applies_total", "applied"); got != 10 {
			t.Errorf("%v changes are counted, want 10", got)
		}
	})
}

// TestTheLargerRateCounts: the pool of the load balancer that idles is that of the
// other one, so that a take-over does not shrink it; and back.
func TestTheLargerRateCounts(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		takeOver(w)
		want(t, w, "0: a b c d e f,backup", "20: a b c d e,backup")
	})
}

// TestHoveringAtAnEdge: a load around an edge moves nothing after it has grown once.
func TestHoveringAtAnEdge(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		hover(w)
		want(t, w, "0: a b c d e f,backup", "20: a b,backup", "35: a b c,backup")
	})
}

// TestCountersBegunAnew: an Nginx that was restarted gives no rate for that interval,
// neither a huge nor a negative one.
func TestCountersBegunAnew(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.own.load(700)
		after(32 * time.Second)
		w.own.restart()
		after(3 * time.Second)
		if got := value(t, w, "oalab_scaler_requests_per_second", "own"); got != -1 {
			t.Errorf("the rate over a restart is %v, want none", got)
		}
		if got := value(t, w, "oalab_scaler_counter_resets_total", "own"); got != 1 {
			t.Errorf("%v restarts are counted, want 1", got)
		}
		after(60 * time.Second)
		if got := value(t, w, "oalab_scaler_requests_per_second", "own"); got < 699 || got > 701 {
			t.Errorf("the rate afterwards is %v, want 700", got)
		}
		want(t, w, "0: a b c d e f,backup", "20: a b c,backup")
	})
}

// TestWithoutThePartner: while one of the two cannot be read the pool does not shrink,
// but it grows.
func TestWithoutThePartner(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.partner.load(7000)
		after(32 * time.Second)
		w.partner.away(true)
		w.partner.load(0)
		w.own.load(100)
		after(5 * time.Minute)
		want(t, w, "0: a b c d e f,backup", "20: a b c d e,backup")
		if err := w.scaler.Check(t.Context()); err != nil {
			t.Errorf("the own Nginx is said to be away: %v", err)
		}
		w.own.load(20_000)
		after(10 * time.Second)
		want(t, w, "0: a b c d e f,backup", "20: a b c d e,backup", "335: a b c d e f,backup")
		w.own.load(100)
		w.partner.away(false)
		after(time.Minute)
		want(t, w, "0: a b c d e f,backup", "20: a b c d e,backup", "335: a b c d e f,backup",
			"360: a b c d e,backup", "380: a b,backup") // 8 060/s at 345, averaged over the fall
		if got := value(t, w, "oalab_scaler_unread_total", "partner"); got != 62 {
			t.Errorf("%v looks without an answer are counted, want 62", got)
		}
		if got := strings.Count(w.log.String(), "could not be read"); got != 1 {
			t.Errorf("one absence is logged %d times", got)
		}
	})
}

func TestWithoutTheOwnNginx(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		w.own.away(true)
		after(5 * time.Minute)
		want(t, w, "0: a b c d e f,backup")
		if err := w.scaler.Check(t.Context()); err == nil {
			t.Error("the own Nginx is away, and the scaler does not say so")
		}
	})
}

// TestARefusedListIsTriedAgain: what Nginx refuses is counted and logged, changes
// nothing, and is tried again.
func TestARefusedListIsTriedAgain(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		after(22 * time.Second)
		w.pool.failing(fmt.Errorf("%w: host not found", ErrRefused))
		w.own.load(700)
		after(15 * time.Second)
		want(t, w, "0: a b c d e f,backup", "20: a b,backup", "30: a b c,backup refused", "35: a b c,backup refused")
		if got := value(t, w, "oalab_scaler_servers"); got != 1 {
			t.Errorf("%v servers are said to be in use, want the 1 of before", got)
		}
		if got := value(t, w, "oalab_scaler_applies_total", "refused"); got != 2 {
			t.Errorf("%v refusals are counted, want 2", got)
		}
		if log := w.log.String(); !strings.Contains(log, "level=ERROR") || !strings.Contains(log, "host not found") {
			t.Errorf("the log does not say why:\n%s", log)
		}
		w.pool.failing(errors.New("no such program"))
		after(5 * time.Second)
		w.pool.failing(nil)
		after(5 * time.Second)
		if got := value(t, w, "oalab_scaler_servers"); got != 2 {
			t.Errorf("%v servers in the end, want 2", got)
		}
		if got := value(t, w, "oalab_scaler_applies_total", "failed"); got != 1 {
			t.Errorf("%v failures are counted, want 1", got)
		}
	})
}

// TestAllSevenValues are shown for both load balancers.
func TestAllSevenValues(t *testing.T) {
	t.Parallel()
	inWorld(t, func(w *world) {
		for name := range (Status{}).Values() {
			for _, lb := range []string{"own", "partner"} {
				if got := value(t, w, "oalab_scaler_nginx_status", lb, name); got < 0 {
					t.Errorf("%s of %s is not shown", name, lb)
				}
			}
		}
	})
}

func TestNewRefuses(t *testing.T) {
	t.Parallel()
	_, err := New(Config{Bands: DefaultBands(), Servers: []string{"a"}}, slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	if err == nil || !strings.Contains(err.Error(), "takes 5 app servers, there are 1") {
		t.Errorf("too few servers: %v", err)
	}
	if _, err = New(Config{}, slog.New(slog.DiscardHandler), prometheus.NewRegistry()); err == nil {
		t.Error("no bands: no error")
	}
}

// takeOver moves the load of the partner to this load balancer.
func takeOver(w *world) {
	w.partner.load(7000)
	after(60 * time.Second)
	w.partner.load(0)
	w.own.load(7000)
	after(60 * time.Second)
}

// hover moves the load around an edge.
func hover(w *world) {
	w.own.load(100)
	after(30 * time.Second)
	for range 6 {
		w.own.load(530)
		after(5 * time.Second)
		w.own.load(470)
		after(5 * time.Second)
	}
}
