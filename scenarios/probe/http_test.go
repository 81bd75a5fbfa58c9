package probe

import (
	"context"
	"errors"
	"io"
	"math"
	"net"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promhttp"
)

func serve(t *testing.T, h http.HandlerFunc) string {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	return s.URL
}

func TestHTTPStatus(t *testing.T) {
	t.Parallel()
	for _, status := range []int{200, 204, 302, 404, 503} {
		url := serve(t, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Location", "/elsewhere")
			w.WriteHeader(status)
		})
		got, err := HTTPStatus(url)(t.Context())
		if err != nil {
			t.Errorf("%d: %v", status, err)
		}
		if len(got) != 2 || got[0] != (Reading{Name: "status", Value: float64(status)}) {
			t.Errorf("%d: %+v", status, got)
		} else if got[1].Name != "answer_s" || got[1].Value <= 0 || got[1].Value > 30 {
			t.Errorf("%d: it took %+v", status, got[1])
		}
	}
}

func TestHTTPStatusWithoutAnswer(t *testing.T) {
	t.Parallel()
	url := serve(t, func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() })
	ctx, cancel := context.WithTimeout(t.Context(), 50*ms)
	defer cancel()
	if got, err := HTTPStatus(url)(ctx); !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("a server that hangs: %v, %v", got, err)
	}
	if got, err := HTTPStatus("http://127.0.0.1:1")(t.Context()); err == nil {
		t.Errorf("no listener: %v", got)
	}
	long := serve(t, func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, strings.Repeat("x", bodyLimit+1))
	})
	if got, err := HTTPStatus(long)(t.Context()); !errors.Is(err, errTooLong) {
		t.Errorf("an endless answer: %v, %v", got, err)
	}
}

// Each question opens its own connection.
func TestHTTPStatusDoesNotPool(t *testing.T) {
	t.Parallel()
	var conns atomic.Int64
	s := httptest.NewUnstartedServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	s.Config.ConnState = func(_ net.Conn, state http.ConnState) {
		if state == http.StateNew {
			conns.Add(1)
		}
	}
	s.Start()
	defer s.Close()
	ask := HTTPStatus(s.URL)
	for range 3 {
		if _, err := ask(t.Context()); err != nil {
			t.Error(err)
		}
	}
	if n := conns.Load(); n != 3 {
		t.Errorf("3 questions on %d connections", n)
	}
}

func TestMetricsOfARealRegistry(t *testing.T) {
	t.Parallel()
	reg := prometheus.NewRegistry()
	depth := prometheus.NewGaugeVec(prometheus.GaugeOpts{Name: "oalab_queue_depth", Help: "d"}, []string{"queue", "account"})
	rows := prometheus.NewGauge(prometheus.GaugeOpts{Name: "oalab_outbox_rows", Help: "r"})
	calls := prometheus.NewCounter(prometheus.CounterOpts{Name: "oalab_carrier_calls_total", Help: "c"})
	took := prometheus.NewHistogram(prometheus.HistogramOpts{Name: "oalab_took_seconds", Help: "t", Buckets: []float64{0.5, 2}})
	reg.MustRegister(depth, rows, calls, took)
	depth.WithLabelValues("orders", `a"b\c`+"\n").Set(3)
	depth.WithLabelValues("tell", "demo").Set(0)
	rows.Set(1.5e6)
	calls.Add(7)
	took.Observe(1)
	url := serve(t, promhttp.HandlerFor(reg, promhttp.HandlerOpts{}).ServeHTTP)

	orders := Reading{Name: `oalab_queue_depth{account="a\"b\\c\n",queue="orders"}`, Value: 3}
	tell := Reading{Name: `oalab_queue_depth{account="demo",queue="tell"}`}
	waits := []Reading{
		{Name: `oalab_took_seconds_bucket{le="+Inf"}`, Value: 1},
		{Name: `oalab_took_seconds_bucket{le="0.5"}`},
		{Name: `oalab_took_seconds_bucket{le="2"}`, Value: 1},
		{Name: "oalab_took_seconds_count", Value: 1},
		{Name: "oalab_took_seconds_sum", Value: 1},
	}
	tests := []struct {
		name   string
		wanted []string
		want   []Reading
	}{
		{name: "all", want: append([]Reading{{Name: "oalab_carrier_calls_total", Value: 7}, {Name: "oalab_outbox_rows", Value: 1.5e6}, orders, tell}, waits...)},
		{name: "a histogram", wanted: []string{"oalab_took_seconds_bucket", "oalab_took_seconds_count", "oalab_took_seconds_sum"}, want: waits},
		{name: "a name", wanted: []string{"oalab_queue_depth"}, want: []Reading{orders, tell}},
		{name: "one label set", wanted: []string{tell.Name}, want: []Reading{tell}},
		{name: "no prefix match", wanted: []string{"oalab_queue"}, want: []Reading{{Name: "oalab_queue", Err: errMissing}}},
		{
			name: "some missing", wanted: []string{"oalab_outbox_rows", "zzz", "zzz"},
			want: []Reading{{Name: "oalab_outbox_rows", Value: 1.5e6}, {Name: "zzz", Err: errMissing}},
		},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			got, err := Metrics(url, test.wanted...)(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, got, cmpopts.EquateErrors()); diff != "" {
				t.Errorf("readings (-want +got):\n%s", diff)
			}
		})
	}
}

func TestMetricsWithoutAnswer(t *testing.T) {
	t.Parallel()
	tests := []struct {
		name string
		h    http.HandlerFunc
		says string
	}{
		{name: "status", says: "status 500", h: func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(500) }},
		{name: "no metrics", says: "metrics page", h: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "<html>\n") }},
		{name: "cut off", says: "metrics page", h: func(w http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(w, "a 1\nb ") }},
		{name: "hangs", says: "deadline exceeded", h: func(_ http.ResponseWriter, r *http.Request) { <-r.Context().Done() }},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithTimeout(t.Context(), 500*ms)
			defer cancel()
			got, err := Metrics(serve(t, test.h))(ctx)
			if err == nil || !strings.Contains(err.Error(), test.says) {
				t.Errorf("got %v and error %v, want %q", got, err, test.says)
			}
		})
	}
}

// The whole way on real sockets: a server that goes and comes back shows as a
// stretch of errors between answers.
func TestRunnerSeesAnOutage(t *testing.T) {
	t.Parallel()
	var down atomic.Bool
	url := serve(t, func(w http.ResponseWriter, r *http.Request) {
		if down.Load() {
			<-r.Context().Done()
			return
		}
		_, _ = io.WriteString(w, "oalab_outbox_rows 0\n")
	})
	var k kept
	r, err := NewRunner(time.Now(), k.add, nil,
		Probe{Name: "server.metrics", Every: 10 * ms, Timeout: 100 * ms, Read: Metrics(url, "oalab_outbox_rows")})
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(t.Context())
	over := make(chan error, 1)
	go func() { over <- r.Run(ctx) }()
	rows := Series{"server.metrics", "oalab_outbox_rows"}
	bounded, cancel := context.WithTimeout(ctx, 20*time.Second)
	defer cancel()
	if _, err := r.AwaitZero(bounded, 3, rows); err != nil {
		t.Error(err)
	}
	down.Store(true)
	short, cancelShort := context.WithTimeout(ctx, 300*ms)
	defer cancelShort()
	// A question that was answered just before may still count; then none is.
	if _, err := r.AwaitZero(short, 3, rows); err == nil || !strings.Contains(err.Error(), "no answer") {
		t.Errorf("while the server hangs: %v", err)
	}
	down.Store(false)
	back, err := r.AwaitZero(bounded, 3, rows)
	if err != nil {
		t.Error(err)
	}
	stop()
	if err := <-over; err != nil {
		t.Error(err)
	}
	var shape []string
	for _, s := range k.samples {
		now := "answered"
		if s.Error != "" {
			now = "silent"
		}
		if len(shape) == 0 || shape[len(shape)-1] != now {
			shape = append(shape, now)
		}
		if s.AtS > back.Seconds()+10 {
			t.Errorf("a sample at %v s, after all was over", s.AtS)
		}
	}
	if diff := cmp.Diff([]string{"answered", "silent", "answered"}, shape); diff != "" {
		t.Errorf("the samples' shape (-want +got):\n%s", diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("# TYPE a gauge\na{b=\"c\"} 1\n", "a")
	f.Add("a 1\na 1\n", "")
	f.Add("a{b=\"\\\"}\\n\"} NaN 12\n", "a{b")
	f.Add("{\"x.y\",z=\"1\"} +Inf\n", "x.y")
	f.Fuzz(func(t *testing.T, page, wanted string) {
		readings, err := parse([]byte(page), []string{wanted})
		if err != nil {
			return
		}
		for _, r := range readings {
			if !(Series{Name: wanted}).matches(r.Name) {
				t.Errorf("asked for %q, got %q", wanted, r.Name)
			}
			for _, s := range (Probe{Name: "p"}).samples(0, []Reading{r}, nil) {
				if s.Error == "" && math.IsNaN(s.Value) {
					t.Errorf("%q is written as NaN", r.Name)
				}
			}
		}
		if len(readings) == 0 {
			t.Errorf("%q is neither read nor missing", wanted)
		}
	})
}
