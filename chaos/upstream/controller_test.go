package upstream_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos"
	"oalab/chaos/upstream"
)

// mock is a control port with nothing behind it.
type mock struct {
	rules  *upstream.Ruleset
	url    string
	broken atomic.Bool // PUTs fail
	deaf   atomic.Bool // PUTs are answered and not done
}

func startMock(t *testing.T, accept func(upstream.Rule) error) *mock {
	t.Helper()
	m := &mock{rules: upstream.NewRuleset(1)}
	faults := m.rules.Handler(accept)
	mux := http.NewServeMux()
	mux.HandleFunc("/control/faults", func(w http.ResponseWriter, r *http.Request) {
		switch {
		case r.Method == http.MethodPut && m.broken.Load():
			upstream.WriteError(w, http.StatusInternalServerError, errors.New("broken"))
		case r.Method == http.MethodPut && m.deaf.Load():
			upstream.WriteJSON(w, http.StatusOK, []upstream.Rule{})
		default:
			faults.ServeHTTP(w, r)
		}
	})
	mux.HandleFunc("POST /control/reset", func(_ http.ResponseWriter, _ *http.Request) {
		if err := m.rules.Set(nil); err != nil {
			t.Error(err)
		}
	})
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	m.url = server.URL
	return m
}

func must(t *testing.T, step string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", step, err)
	}
}

func (m *mock) expect(t *testing.T, want ...upstream.Rule) {
	t.Helper()
	if want == nil {
		want = []upstream.Rule{}
	}
	if diff := cmp.Diff(want, m.rules.Rules()); diff != "" {
		t.Errorf("rules at the mock: %s", diff)
	}
}

func TestFaultsShareOneMock(t *testing.T) {
	m := startMock(t, nil)
	ctx := t.Context()
	c := upstream.NewController(m.url + "/")
	slowRule := upstream.Rule{Match: upstream.Match{Op: "OrderProduct"}, Latency: constant(6)}
	lostRule := upstream.Rule{Share: 0.2, Action: upstream.ActionAnswerLost}
	slow := c.Fault("carrier-slow", "carrier", slowRule)
	lost := c.Fault("answer-lost", "carrier", lostRule, slowRule) // one rule is the same as the other's

	if slow.Name() != "carrier-slow" || slow.Target() != chaos.Target("carrier") {
		t.Errorf("fault is %s at %s", slow.Name(), slow.Target())
	}
	must(t, "inject slow", slow.Inject(ctx))
	must(t, "await slow", slow.AwaitEffect(ctx))
	m.expect(t, slowRule)
	must(t, "inject lost", lost.Inject(ctx))
	must(t, "await lost", lost.AwaitEffect(ctx))
	m.expect(t, slowRule, lostRule, slowRule)
	must(t, "recover slow", slow.Recover(ctx))
	must(t, "await slow healed", slow.AwaitHealed(ctx))
	m.expect(t, lostRule, slowRule)
	must(t, "inject slow again", slow.Inject(ctx))
	must(t, "inject slow twice", slow.Inject(ctx))
	m.expect(t, lostRule, slowRule, slowRule)
	must(t, "recover lost", lost.Recover(ctx))
	must(t, "recover lost twice", lost.Recover(ctx))
	must(t, "await lost healed", lost.AwaitHealed(ctx))
	m.expect(t, slowRule)
	must(t, "reset", c.Reset(ctx))
	m.expect(t)
}

func TestFailedInjectIsRecovered(t *testing.T) {
	m := startMock(t, nil)
	ctx := t.Context()
	c := upstream.NewController(m.url)
	f := c.Fault("carrier-down", "carrier", upstream.Rule{Status: 503})
	other := c.Fault("other", "carrier", upstream.Rule{Status: 500})
	m.broken.Store(true)
	if err := f.Inject(ctx); err == nil || !strings.Contains(err.Error(), "broken") {
		t.Errorf("inject returned %v, expected the mock's error", err)
	}
	if err := f.Recover(ctx); err == nil {
		t.Error("recover passed at a mock that refused it")
	}
	m.broken.Store(false)
	must(t, "inject other", other.Inject(ctx))
	m.expect(t, upstream.Rule{Status: 500})
	must(t, "recover", f.Recover(ctx))
	must(t, "await healed", f.AwaitHealed(ctx))
	m.expect(t, upstream.Rule{Status: 500})
}

func TestAwaitLooksAtTheMock(t *testing.T) {
	m := startMock(t, nil)
	c := upstream.NewController(m.url)
	f := c.Fault("carrier-down", "carrier", upstream.Rule{Status: 503})
	m.deaf.Store(true)
	must(t, "inject", f.Inject(t.Context()))
	ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := f.AwaitEffect(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "not in force") {
		t.Errorf("await returned %v, expected the deadline and what was seen", err)
	}
	m.deaf.Store(false)
	must(t, "inject", f.Inject(t.Context()))
	must(t, "await effect", f.AwaitEffect(t.Context()))
	m.deaf.Store(true)
	must(t, "recover", f.Recover(t.Context()))
	ctx, cancel = context.WithTimeout(t.Context(), 100*time.Millisecond)
	defer cancel()
	if err := f.AwaitHealed(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "still in force") {
		t.Errorf("await returned %v, expected the deadline and what was seen", err)
	}
}

func TestNobodyAtTheControlPort(t *testing.T) {
	m := startMock(t, nil)
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	f := upstream.NewController(server.URL).Fault("x", "carrier", upstream.Rule{Status: 503})
	if err := f.Inject(t.Context()); err == nil {
		t.Error("inject passed without a mock")
	}
	ctx, cancel := context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	if err := f.AwaitEffect(ctx); !errors.Is(err, context.DeadlineExceeded) || !strings.Contains(err.Error(), "refused") {
		t.Errorf("await returned %v, expected the deadline and the refused connection", err)
	}
	if err := upstream.NewController(m.url).Fault("empty", "carrier").Inject(t.Context()); err == nil {
		t.Error("a fault without rules was injected")
	}
}

func TestFaultsConcurrently(t *testing.T) {
	m := startMock(t, nil)
	c := upstream.NewController(m.url)
	var all sync.WaitGroup
	for i := range 6 {
		all.Go(func() {
			f := c.Fault("f", "carrier", upstream.Rule{Status: 500 + i})
			for range 5 {
				for step, do := range []func(context.Context) error{f.Inject, f.AwaitEffect, f.Recover, f.AwaitHealed} {
					if err := do(t.Context()); err != nil {
						t.Errorf("step %d: %v", step, err)
					}
				}
			}
		})
	}
	all.Wait()
	m.expect(t)
}

func TestControlPort(t *testing.T) {
	m := startMock(t, func(r upstream.Rule) error {
		if r.Match.Op == "Nope" {
			return errors.New("match.op: there is no Nope")
		}
		return nil
	})
	tests := []struct {
		name, method, body string
		status             int
		answer             string
	}{
		{"empty at first", "GET", "", 200, `[]`},
		{
			"set", "PUT", `[{"match":{"op":"OrderProduct"},"share":0.5,"latency":{"dist":"lognormal","median_s":1,"sigma":0.5},"action":"answer_lost"}]`,
			200, `[{"match":{"op":"OrderProduct"},"share":0.5,"latency":{"dist":"lognormal","median_s":1,"sigma":0.5},"action":"answer_lost"}]`,
		},
		{"heal", "PUT", `[]`, 200, `[]`},
		{"unknown field", "PUT", `[{"math":{"op":"x"},"status":503}]`, 400, `unknown field \"math\"`},
		{"no array", "PUT", `{"status":503}`, 400, `cannot unmarshal object`},
		{"null", "PUT", `null`, 400, `an array of rules is expected`},
		{"nothing", "PUT", ``, 400, `the body is empty`},
		{"two values", "PUT", `[][]`, 400, `more than one JSON value`},
		{"bad rule", "PUT", `[{"status":503},{"status":7}]`, 400, `{"error":"rule 1: status: 7 is not`},
		{"refused by the mock", "PUT", `[{"match":{"op":"Nope"},"status":503}]`, 400, `rule 0: match.op: there is no Nope`},
		{"too large", "PUT", `[` + strings.Repeat(" ", 9<<20) + `]`, 400, `too large`},
		{"other method", "DELETE", ``, 405, `DELETE is not allowed`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			req, err := http.NewRequestWithContext(t.Context(), tt.method, m.url+"/control/faults", strings.NewReader(tt.body))
			must(t, "request", err)
			resp, err := http.DefaultClient.Do(req)
			must(t, "call", err)
			defer resp.Body.Close()
			defer http.DefaultClient.CloseIdleConnections()
			answer, err := io.ReadAll(resp.Body)
			must(t, "read", err)
			if resp.StatusCode != tt.status || !strings.Contains(string(answer), tt.answer) {
				t.Errorf("answered %d %s, expected %d with %s", resp.StatusCode, answer, tt.status, tt.answer)
			}
			if tt.status != 200 {
				var problem struct{ Error string }
				if err := json.NewDecoder(bytes.NewReader(answer)).Decode(&problem); err != nil || problem.Error == "" {
					t.Errorf("%s is not the JSON of an error", answer)
				}
			}
		})
	}
	m.expect(t)
}
