package web_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/internal/web"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

var discard = slog.New(slog.DiscardHandler)

type parts map[string]error

func (p parts) Check(context.Context) map[string]error { return p }

func newServer(t *testing.T, log io.Writer, ready parts, routes ...web.Route) *web.Server {
	t.Helper()
	registry := prometheus.NewRegistry()
	counter := prometheus.NewCounter(prometheus.CounterOpts{Name: "oalab_test_total", Help: "Test."})
	registry.MustRegister(counter)
	to := slog.New(slog.NewJSONHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	s, err := web.New(to, append(web.Inside(ready, registry, to), routes...)...)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func request(t *testing.T, s *web.Server, method, path, body string, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	return send(t, s, method, path, strings.NewReader(body), header...)
}

func send(t *testing.T, s *web.Server, method, path string, body io.Reader, header ...string) *httptest.ResponseRecorder {
	t.Helper()
	r := httptest.NewRequestWithContext(t.Context(), method, path, body)
	for i := 0; i+1 < len(header); i += 2 {
		r.Header.Set(header[i], header[i+1])
	}
	w := httptest.NewRecorder()
	s.Handler().ServeHTTP(w, r)
	return w
}

func TestEnvelopeEverywhere(t *testing.T) {
	t.Parallel()
	well := newServer(t, io.Discard, parts{"database": nil})
	ill := newServer(t, io.Discard, parts{"database": errors.New("away"), "server": nil})
	cut := newServer(t, io.Discard, parts{"database": nil, "redis": &web.DispensableError{Err: errors.New("cut")}})
	tests := []struct {
		name         string
		server       *web.Server
		method, path string
		body         string
		status       int
		want         web.Envelope
	}{
		{"alive", well, "GET", "/healthz", "", 200, web.Envelope{Message: "ok", Data: map[string]any{"status": "alive"}}},
		{"alive though not ready", ill, "GET", "/healthz", "", 200, web.Envelope{Message: "ok", Data: map[string]any{"status": "alive"}}},
		{"ready", well, "GET", "/readyz", "", 200, web.Envelope{Message: "ok", Data: map[string]any{"database": "ok"}}},
		{"ready without a dispensable part", cut, "GET", "/readyz", "", 200, web.Envelope{Message: "ok", Data: map[string]any{"database": "ok", "redis": "away, and dispensable: cut"}}},
		{"not ready", ill, "GET", "/readyz", "", 503, web.Envelope{Code: 503, Message: "not ready", Data: map[string]any{"database": "away", "server": "ok"}}},
		{"unknown path", well, "GET", "/nowhere", "", 404, web.Envelope{Code: 404, Message: "Not Found"}},
		{"wrong method", well, "POST", "/healthz", "", 405, web.Envelope{Code: 405, Message: "Method Not Allowed"}},
		{"callback is not a role", well, "GET", "/wechat/demo", "", 404, web.Envelope{Code: 404, Message: "Not Found"}},
		{"body too large", well, "GET", "/readyz", strings.Repeat("x", 2<<20), 413, web.Envelope{Code: 413, Message: "Request Entity Too Large"}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			w := request(t, test.server, test.method, test.path, test.body, "X-Request-Id", "req-1")
			if w.Code != test.status {
				t.Errorf("status %d, want %d", w.Code, test.status)
			}
			var got web.Envelope
			if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil {
				t.Fatalf("%v in %s", err, w.Body)
			}
			test.want.RequestID = "req-1"
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}

func TestMetrics(t *testing.T) {
	t.Parallel()
	w := request(t, newServer(t, io.Discard, nil), "GET", "/metrics", "")
	if w.Code != 200 || !strings.Contains(w.Body.String(), "oalab_test_total 0") {
		t.Errorf("status %d, body %s", w.Code, w.Body)
	}
}

func TestRequestID(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, nil)
	seen := make(map[string]bool)
	for _, given := range []string{"", "with space", "new\"line", strings.Repeat("x", 65)} {
		got := request(t, s, "GET", "/healthz", "", "X-Request-Id", given).Header().Get("X-Request-Id")
		if got == "" || got == given || seen[got] {
			t.Errorf("given %q, got %q", given, got)
		}
		seen[got] = true
	}
}

func TestPlatformSpeaksItsOwnProtocol(t *testing.T) {
	t.Parallel()
	var log bytes.Buffer
	var account string
	s := newServer(t, &log, nil, web.Route{
		Feature: "callback", Method: http.MethodPost, Pattern: "/wechat/{account}", Area: web.Platform,
		Serve: func(w http.ResponseWriter, r *http.Request, path web.Path) error {
			account = path.Param("account")
			body, err := io.ReadAll(r.Body)
			if err != nil {
				t.Error(err)
			}
			w.Header().Set("X-Length", string(rune('0'+len(body)>>20)))
			w.WriteHeader(http.StatusTeapot)
			return nil
		},
	})
	w := request(t, s, "POST", "/wechat/demo?signature=s", strings.Repeat("x", 3<<20))
	if w.Code != http.StatusTeapot || account != "demo" || w.Header().Get("X-Length") != "3" {
		t.Errorf("status %d, account %q, %s MiB", w.Code, account, w.Header().Get("X-Length"))
	}
	if strings.Contains(log.String(), "signature") {
		t.Errorf("the query is in the log: %s", &log)
	}
}

func TestListenServeStop(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, nil)
	if s.Addr() != "" {
		t.Errorf("Addr before Listen = %q", s.Addr())
	}
	if err := s.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	other := newServer(t, io.Discard, nil)
	if err := other.Listen(t.Context(), s.Addr()); err == nil {
		t.Error("a busy port was not noticed")
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve() }()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, "http://"+s.Addr()+"/healthz", http.NoBody)
	if err != nil {
		t.Fatal(err)
	}
	client := &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}
	answer, err := client.Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if err := answer.Body.Close(); err != nil || answer.StatusCode != http.StatusOK {
		t.Errorf("status %d, %v", answer.StatusCode, err)
	}
	if err := s.Stop(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-served; err != nil {
		t.Error(err)
	}
}

func TestStopClosesASocketThatWasNeverServed(t *testing.T) {
	t.Parallel()
	s := newServer(t, io.Discard, nil)
	if err := s.Listen(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	address := s.Addr()
	if err := s.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	again := newServer(t, io.Discard, nil)
	if err := again.Listen(t.Context(), address); err != nil {
		t.Errorf("the port is still taken: %v", err)
	}
	if err := again.Stop(t.Context()); err != nil {
		t.Error(err)
	}
}
