package control_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"log/slog"
	"maps"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/controlclient"
	"oalab/server/internal/config"
	"oalab/server/internal/control"
	"oalab/server/internal/signedapi"
	"oalab/server/internal/web"
	"oalab/server/signing"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const secret = "an example secret of 32 characters"

var errAway = errors.New("the platform is away: SECRET")

// keeper gives out one token, and another one after a report of it.
type keeper struct {
	mu    sync.Mutex
	value string
	dead  []string
	err   error
}

// Lookup implements control.Keeper.
func (k *keeper) Lookup(context.Context, string) (value string, version int64, left time.Duration, err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.value, 7, 90*time.Second + 500*time.Millisecond, k.err
}

// fail lets the keeper have no token.
func (k *keeper) fail(err error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.err = err
}

// Dead implements control.Keeper.
func (k *keeper) Dead(_ context.Context, _, value string) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.dead = append(k.dead, value); value == k.value {
		k.value += "+"
	}
	return nil
}

// store keeps settings in memory.
type store struct {
	mu      sync.Mutex
	stored  map[string]control.Stored
	changed map[string]time.Time
	loads   int
	err     error
}

// LoadSettings implements control.Store.
func (s *store) LoadSettings(_ context.Context, account string) (control.Stored, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.loads++
	return s.stored[account], s.err
}

// ChangedSettings implements control.Store.
func (s *store) ChangedSettings(_ context.Context, since time.Time) (accounts []string, now time.Time, err error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, account := range slices.Sorted(maps.Keys(s.changed)) {
		if s.changed[account].After(since) {
			accounts = append(accounts, account)
		}
	}
	return accounts, time.Now(), s.err
}

// SaveSettings implements control.Store.
func (s *store) SaveSettings(_ context.Context, account string, version int64, next control.Settings, _ string) (int64, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.stored[account].Version != version {
		return 0, control.ErrVersion
	}
	s.stored[account] = control.Stored{Settings: next, Version: version + 1}
	s.changed[account] = time.Now()
	return version + 1, s.err
}

// rig is an API with what it needs.
type rig struct {
	t               *testing.T
	tokens, tickets *keeper
	store           *store
	told            int
	log             bytes.Buffer
	api             *control.API
	handler         http.Handler
}

func newRig(t *testing.T, change ...func(*control.Config)) *rig {
	t.Helper()
	r := &rig{
		t: t, tokens: &keeper{value: "TOKEN"}, tickets: &keeper{value: "TICKET"},
		store: &store{stored: make(map[string]control.Stored), changed: make(map[string]time.Time)},
	}
	log := slog.New(slog.NewJSONHandler(&r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	verifier, err := signedapi.NewVerifier([]signedapi.App{
		{Name: "all", Secret: secret, Rights: []string{"tokens", "settings", "change-settings"}}, {Name: "none", Secret: secret},
	}, signedapi.NewMemory(), nil)
	if err != nil {
		t.Fatal(err)
	}
	cfg := control.Config{
		Tokens: r.tokens, Tickets: r.tickets, Store: r.store, Verifier: verifier, Log: log,
		Find: func(account string) (control.Account, bool) {
			return control.Account{Name: account, AppID: "wx1", OriginalID: "gh_1", Mode: "safe"}, account == "demo"
		},
		Judge: func(s control.Settings) error {
			if s["welcome"] == "bad" {
				return errors.New("settings.welcome: is bad")
			}
			return nil
		},
		Tell: func(context.Context) { r.told++ },
	}
	for _, c := range change {
		c(&cfg)
	}
	api, err := control.New(cfg)
	if err != nil {
		t.Fatal(err)
	}
	server, err := web.New(log, api.Routes()...)
	if err != nil {
		t.Fatal(err)
	}
	r.api, r.handler = api, server.Handler()
	return r
}

// ask makes a request as an app, "" for none, and returns the status and the data.
func (r *rig) ask(app, method, path, body string) (status int, data map[string]any, whole string) {
	r.t.Helper()
	request := httptest.NewRequestWithContext(r.t.Context(), method, "/control/v1/accounts/"+path, strings.NewReader(body))
	if app != "" {
		signing.Sign(request, []byte(body), app, secret, time.Now())
	}
	w := httptest.NewRecorder()
	r.handler.ServeHTTP(w, request)
	var envelope struct {
		Code int            `json:"code"`
		Data map[string]any `json:"data"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &envelope); err != nil {
		r.t.Fatalf("%s %s: %v: %s", method, path, err, w.Body)
	}
	if w.Header().Get("Cache-Control") != "no-store" && w.Code != http.StatusMethodNotAllowed {
		r.t.Errorf("%s %s: a cache may keep the answer", method, path)
	}
	return w.Code, envelope.Data, w.Body.String()
}

// TestControlAPI reads tokens and tickets, reports a dead token, and reads and changes settings.
func TestControlAPI(t *testing.T) {
	t.Parallel()
	r := newRig(t)
	for _, step := range []struct {
		method, path, body string
		want               map[string]any
	}{
		{"GET", "demo/token", "", map[string]any{"account": "demo", "value": "TOKEN", "version": 7., "expires_in": 90.}},
		{"GET", "demo/ticket", "", map[string]any{"account": "demo", "value": "TICKET", "version": 7., "expires_in": 90.}},
		{"POST", "demo/token/report", `{"token":"TOKEN"}`, map[string]any{"account": "demo", "value": "TOKEN+", "version": 7., "expires_in": 90.}},
		{"POST", "demo/token/report", `{"token":"TOKEN"}`, map[string]any{"account": "demo", "value": "TOKEN+", "version": 7., "expires_in": 90.}},
		{"GET", "demo/settings", "", map[string]any{"account": "demo", "app_id": "wx1", "original_id": "gh_1", "mode": "safe", "version": 0., "settings": map[string]any{}}},
		{"PUT", "demo/settings", `{"version":0,"settings":{"welcome":"您好","shop.limit":"3"}}`, map[string]any{
			"account": "demo", "app_id": "wx1", "original_id": "gh_1", "mode": "safe", "version": 1., "settings": map[string]any{"welcome": "您好", "shop.limit": "3"},
		}},
		{"GET", "demo/settings", "", map[string]any{
			"account": "demo", "app_id": "wx1", "original_id": "gh_1", "mode": "safe", "version": 1., "settings": map[string]any{"welcome": "您好", "shop.limit": "3"},
		}},
	} {
		status, data, whole := r.ask("all", step.method, step.path, step.body)
		if diff := cmp.Diff(step.want, data); status != 200 || diff != "" {
			t.Errorf("%s %s: status %d, %s\n-want +got\n%s", step.method, step.path, status, whole, diff)
		}
	}
	if r.told != 1 || len(r.tickets.dead) != 0 || len(r.tokens.dead) != 2 {
		t.Errorf("a change was told %d times; reports %v and %v", r.told, r.tokens.dead, r.tickets.dead)
	}
	if log := r.log.String(); !strings.Contains(log, `"settings changed"`) || strings.Contains(log, "TOKEN") || strings.Contains(log, "TICKET") || strings.Contains(log, "您好") {
		t.Errorf("the log tells of the change, and shows no token and no setting:\n%s", log)
	}
}

// TestANodeServesItsAccounts: a node that is neither the first nor the second one of an account
// names the nodes, and serves it to a caller that asks anyway. Settings are served by every node (CTL-5).
func TestANodeServesItsAccounts(t *testing.T) {
	t.Parallel()
	members := controlclient.Members{Version: 7}
	for _, name := range []string{"a", "b", "c"} {
		members.Nodes = append(members.Nodes, controlclient.Member{Name: name, Address: "http://" + name})
	}
	have := 0
	for _, n := range members.Nodes {
		r := newRig(t, func(cfg *control.Config) { cfg.Members, cfg.Self = members, n.Name })
		for _, ask := range [][3]string{{"GET", "demo/token", ""}, {"GET", "demo/ticket", ""}, {"POST", "demo/token/report", `{"token":"x"}`}} {
			want := 200
			if !members.Has(n.Name, "demo") {
				want = 421
			}
			status, data, whole := r.ask("all", ask[0], ask[1], ask[2])
			if status != want || want == 421 && (data["members"] == nil || !strings.Contains(whole, `"version":7`) || strings.Contains(whole, "TOKEN")) {
				t.Errorf("%s of node %s: %d, %s; want %d", ask[1], n.Name, status, whole, want)
			}
			if status, _, _ := r.ask("all", ask[0], ask[1]+"?anyway=1", ask[2]); status != 200 {
				t.Errorf("%s of node %s, anyway: %d", ask[1], n.Name, status)
			}
			if status == 200 {
				have++
			}
		}
		if status, _, _ := r.ask("all", "GET", "demo/settings", ""); status != 200 {
			t.Errorf("settings of node %s: %d", n.Name, status)
		}
	}
	if have != 2*3 {
		t.Errorf("%d answers, want those of the first node and its standby", have)
	}
}

// TestPlacementIsJudged: each fault of the list is named under its key.
func TestPlacementIsJudged(t *testing.T) {
	t.Parallel()
	f := &config.Faults{}
	control.Placement{Self: "b", Nodes: []controlclient.Member{{Name: "a", Address: "nowhere"}}, App: "x"}.Validate(f)
	control.Placement{App: "x", Secret: "s"}.Validate(f)
	control.Placement{}.Validate(f)
	var got []string
	for _, fault := range f.List {
		got = append(got, fault.Key)
	}
	if diff := cmp.Diff([]string{"control.nodes", "control.self", "control.secret", "control.app"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}

// TestControlAPIRefuses meets each error; none of them shows a token, a secret or a cause.
func TestControlAPIRefuses(t *testing.T) {
	t.Parallel()
	many := `{"version":1,"settings":{` + strings.TrimSuffix(strings.Repeat(`"x":"","y":"",`, 1), ",")
	for i := range 101 {
		many += `,"n` + strings.Repeat("x", i%60) + string(rune('a'+i%26)) + string(rune('a'+i/26)) + `":""`
	}
	many += "}}"
	r := newRig(t)
	if status, _, _ := r.ask("all", "PUT", "demo/settings", `{"version":0,"settings":{}}`); status != 200 {
		t.Fatal(status)
	}
	for _, test := range []struct {
		app, method, path, body string
		status                  int
		says                    string
	}{
		{"", "GET", "demo/token", "", 401, "signature"},
		{"none", "GET", "demo/token", "", 403, "lacks the right tokens"},
		{"none", "GET", "demo/ticket", "", 403, "tokens"},
		{"none", "POST", "demo/token/report", `{"token":"TOKEN"}`, 403, "tokens"},
		{"none", "GET", "demo/settings", "", 403, "settings"},
		{"none", "PUT", "demo/settings", `{"version":1,"settings":{}}`, 403, "change-settings"},
		{"all", "GET", "other/token", "", 404, "not kept"},
		{"all", "POST", "demo/token/report", `{"token":""}`, 400, "token is empty"},
		{"all", "POST", "demo/token/report", `{"tokn":"TOKEN"}`, 400, "JSON object"},
		{"all", "POST", "demo/token/report", `{"token":"TOKEN"} x`, 400, "behind"},
		{"all", "POST", "demo/token/report", `[]`, 400, "JSON object"},
		{"all", "PUT", "demo/settings", `{"settings":{}}`, 400, "version and settings"},
		{"all", "PUT", "demo/settings", `{"version":1}`, 400, "version and settings"},
		{"all", "PUT", "demo/settings", `{"version":0,"settings":{"a":""}}`, 409, "try again"},
		{"all", "PUT", "demo/settings", `{"version":1,"settings":{"welcome":"bad"}}`, 400, "settings.welcome: is bad"},
		{"all", "PUT", "demo/settings", `{"version":1,"settings":{"Über":""}}`, 400, "no name of a setting"},
		{"all", "PUT", "demo/settings", `{"version":1,"settings":{"a":1}}`, 400, "JSON object"},
		{"all", "PUT", "demo/settings", `{"version":1,"settings":{"a":"` + strings.Repeat("x", 4097) + `"}}`, 400, "4097 bytes"},
		{"all", "PUT", "demo/settings", many, 400, "100 settings"},
		{"all", "DELETE", "demo/settings", "", 405, ""},
	} {
		status, data, whole := r.ask(test.app, test.method, test.path, test.body)
		if status != test.status || !strings.Contains(whole, test.says) || data != nil {
			t.Errorf("%s %s %.60s: status %d, %s; want %d: %s", test.method, test.path, test.body, status, whole, test.status, test.says)
		}
		if strings.Contains(whole, "TOKEN") || strings.Contains(whole, secret) {
			t.Errorf("%s %s: %s", test.method, test.path, whole)
		}
	}
	if r.told != 1 || len(r.tokens.dead) != 0 {
		t.Errorf("told %d times, reports %v", r.told, r.tokens.dead)
	}
	r.tokens.err = errAway
	for _, ask := range [][2]string{{"GET", "demo/token"}, {"POST", "demo/token/report"}} {
		status, _, whole := r.ask("all", ask[0], ask[1], `{"token":"x"}`)
		if status != 503 || strings.Contains(whole, "SECRET") {
			t.Errorf("%v while the platform is away: %d, %s", ask, status, whole)
		}
	}
	r.store.err = errAway
	if status, _, whole := r.ask("all", "GET", "demo/settings", ""); status != 500 || strings.Contains(whole, "SECRET") {
		t.Errorf("while the database is away: %d, %s", status, whole)
	}
}

// TestContexts: settings are read once, and again after a change of the account, no other.
func TestContexts(t *testing.T) {
	t.Parallel()
	s := &store{stored: make(map[string]control.Stored), changed: make(map[string]time.Time)}
	c, err := control.NewContexts(s, 2, "always")
	if err != nil {
		t.Fatal(err)
	}
	reload := func() {
		t.Helper()
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	read := func(account string) string {
		t.Helper()
		stored, err := c.Get(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		return stored.Settings["welcome"]
	}
	save := func(account, welcome string) {
		t.Helper()
		if _, err := s.SaveSettings(t.Context(), account, s.stored[account].Version, control.Settings{"welcome": welcome}, ""); err != nil {
			t.Fatal(err)
		}
	}
	reload()
	if s.loads != 1 {
		t.Errorf("%d loads, want that of the account that is always there", s.loads)
	}
	save("a", "one")
	for range 3 {
		if got := read("a") + read("always"); got != "one" || s.loads != 2 {
			t.Fatalf("%q after %d loads", got, s.loads)
		}
	}
	save("a", "two")
	save("b", "b")
	if got := read("a"); got != "one" {
		t.Errorf("%q, though nothing was heard of the change", got)
	}
	reload()
	if got := read("a"); got != "two" || s.loads != 3 { // b is not in memory
		t.Errorf("%q after %d loads", got, s.loads)
	}
	s.err = errAway
	if err := c.Reload(t.Context()); !errors.Is(err, errAway) {
		t.Errorf("%v", err)
	}
	if got := read("a"); got != "two" {
		t.Errorf("%q while the database is away", got)
	}
	if _, err := c.Get(t.Context(), "b"); !errors.Is(err, errAway) {
		t.Errorf("%v", err)
	}
	if _, err := control.NewContexts(s, 0); err == nil {
		t.Error("made without a capacity")
	}
	if _, err := control.New(control.Config{}); err == nil {
		t.Error("an API was made of nothing")
	}
}

// TestAt: what a change replaced is in force until its moment.
func TestAt(t *testing.T) {
	t.Parallel()
	now := time.Now()
	of := func(welcome string) control.Settings { return control.Settings{"welcome": welcome} }
	s := &control.Stored{Settings: of("three"), Past: []control.Past{{Until: now, Settings: of("two")}, {Until: now.Add(-time.Second), Settings: of("one")}}}
	for _, test := range []struct {
		at   time.Duration
		want string
	}{{0, "three"}, {time.Hour, "three"}, {-time.Millisecond, "two"}, {-time.Second, "two"}, {-time.Second - 1, "one"}, {-time.Hour, "one"}} {
		if got := s.At(now.Add(test.at))["welcome"]; got != test.want {
			t.Errorf("at %s: %s, want %s", test.at, got, test.want)
		}
	}
	if !s.ChangedSince("", now.Add(-1)) || s.ChangedSince("", now) || (&control.Stored{}).ChangedSince("", time.Time{}) {
		t.Error("the last change is not the one of now")
	}
}
