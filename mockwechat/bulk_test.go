package mockwechat

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strings"
	"testing"

	"oalab/mockwechat/api"
)

// TestAMillionFollowersTakeNoMemory lists a generated crowd page by page, as SDKs do: the
// platform's memory does not grow with it.
func TestAMillionFollowersTakeNoMemory(t *testing.T) {
	s := newShop(t, true)
	big := demoAccount()
	big.Followers = Followers{Count: 1_000_000, Seed: 7}
	if err := s.SetAccounts([]Account{big}); err != nil {
		t.Fatal(err)
	}
	heap := func() uint64 {
		var m runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most := heap(), uint64(0)
	n, from := 0, ""
	for {
		var got struct {
			Total, Count int
			Data         struct {
				OpenID []string `json:"openid"`
			} `json:"data"`
			Next string `json:"next_openid"`
		}
		body := s.send(s.bearing("/cgi-bin/user/get?next_openid="+from), nil).body
		if err := json.Unmarshal(body, &got); err != nil || got.Total != 1_000_000 {
			t.Fatalf("%.200s, %v", body, err)
		}
		if got.Count == 0 {
			if got.Next != "" || strings.Contains(string(body), "data") {
				t.Errorf("past the end: %s", body)
			}
			break
		}
		if got.Data.OpenID[0] != big.Followers.OpenID(n) || len(got.Data.OpenID) != got.Count {
			t.Fatalf("page at %d begins with %s", n, got.Data.OpenID[0])
		}
		n, from = n+got.Count, got.Next
		if n%200_000 == 0 {
			most = max(most, heap())
		}
	}
	if n != 1_000_000 {
		t.Errorf("%d followers were listed", n)
	}
	if grown := int64(most) - int64(before); grown > 8<<20 {
		t.Errorf("the heap grew by %d bytes", grown)
	} else {
		t.Logf("a million followers: the heap grew by %d KB", grown>>10)
	}
}

// TestBadInputToEveryAPI: the platform answers any input with 200 and JSON, and has one
// line of it in its ledger.
func TestBadInputToEveryAPI(t *testing.T) {
	s := newShop(t, false)
	lines := 0
	for _, path := range api.Paths() {
		for _, body := range []any{nil, "{", "[]", "null", "\xff\xfe", `{"openid":7,"tagid":"x","tag":[],"button":7}`, upload{}, verb("PUT")} {
			got := s.send(s.bearing(path), body)
			lines++
			var m map[string]any
			if err := json.Unmarshal(got.body, &m); got.status != http.StatusOK || err != nil {
				t.Errorf("%s %v: %d %.100s, %v", path, body, got.status, got.body, err)
			}
		}
	}
	if got := len(s.calls()); got != lines {
		t.Errorf("%d lines of %d calls", got, lines)
	}
}

// TestEveryAPIHasFaults: an injected code, and a reset, work for each of the calls.
func TestEveryAPIHasFaults(t *testing.T) {
	s := newShop(t, false)
	for _, path := range api.Paths() {
		if w := s.control(http.MethodPut, "/control/faults", `[{"match":{"path":"`+path+`"},"errcode":45009,"latency":{"dist":"constant","median_s":0.001}}]`); w.Code != http.StatusOK {
			t.Fatalf("%d %s", w.Code, w.Body)
		}
		if m := s.ask(path, nil); codeOf(m) != 45009 {
			t.Errorf("%s: %v under a fault", path, m)
		}
		if last := s.last(); last.Path != path || last.ErrCode != 45009 {
			t.Errorf("%s: ledger %+v", path, last)
		}
	}
	s.control(http.MethodPost, "/control/reset", "")
	if got := len(s.calls()); got != 0 {
		t.Errorf("%d lines after a reset", got)
	}
}

// TestOpenAPIListsWhatCanBeSet: every API can be named in a fault rule, and every filter of
// the ledger is listed.
func TestOpenAPIListsWhatCanBeSet(t *testing.T) {
	b := newBench(t, Limits{})
	w := b.control(http.MethodGet, "/control/openapi", "")
	var got struct {
		OpenAPI string `json:"openapi"`
		Paths   map[string]map[string]struct {
			Summary    string `json:"summary"`
			Parameters []struct {
				Name string `json:"name"`
			} `json:"parameters"`
		} `json:"paths"`
	}
	if err := json.Unmarshal(w.Body.Bytes(), &got); err != nil || !strings.HasPrefix(got.OpenAPI, "3.") {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	for path, verbs := range got.Paths {
		for verb, op := range verbs {
			r := b.control(strings.ToUpper(verb), path, "")
			if r.Code == http.StatusMethodNotAllowed || strings.Contains(r.Body.String(), "404 page not found") || op.Summary == "" {
				t.Errorf("%s %s: %d %s", verb, path, r.Code, r.Body)
			}
		}
	}
	for _, path := range api.Paths() {
		if !strings.Contains(w.Body.String(), `"`+path+`"`) {
			t.Errorf("no fault can be set for %s", path)
		}
	}
	if n := len(got.Paths["/control/ledger"]["get"].Parameters); n != len(filters) {
		t.Errorf("%d filters are listed, want %d", n, len(filters))
	}
}

// FuzzAPIs sends any body under any content type to any API, and to the pages: no panic, and
// JSON or a file for an answer.
func FuzzAPIs(f *testing.F) {
	for i := range api.Paths() {
		f.Add(uint8(i), "application/json", []byte(`{"openid":"o","tag":{"name":"a"},"button":[{"type":"click","name":"a","key":"a"}]}`), "type=image&openid=o")
	}
	contentType, body := upload{field: "media", name: "a.png", content: "x", description: "{}"}.body(f)
	f.Add(uint8(0), contentType, body, "type=video&appid=wxdemo&scope=snsapi_base&redirect_uri=http://a&response_type=code")
	s := newShop(f, true)
	_, token, _ := strings.Cut(s.bearing("/"), "?")
	paths := append(api.Paths(), "/connect/oauth2/authorize", "/cgi-bin/showqrcode")
	f.Fuzz(func(t *testing.T, n uint8, contentType string, body []byte, query string) {
		path := paths[int(n)%len(paths)]
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", strings.NewReader(string(body)))
		r.URL.Path, r.URL.RawQuery = path, query+"&"+token
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		s.Handler().ServeHTTP(w, r)
		kind := w.Header().Get("Content-Type")
		if strings.HasPrefix(kind, "application/json") && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s: %s", path, w.Body)
		}
		if w.Code >= http.StatusInternalServerError {
			t.Fatalf("%s: status %d %s", path, w.Code, w.Body)
		}
	})
}

// FuzzControl sends any body to the control port: an error is JSON with 4xx.
func FuzzControl(f *testing.F) {
	for i, body := range []string{
		`[{"name":"a","app_id":"b","followers":{"count":3}}]`, `[{"match":{"path":"push"},"latency":{"dist":"constant","median_s":0}}]`,
		`{"openid":"o","ticket":"t"}`, `{"openid":"o"}`, `{"openid":"o","rate":1,"duration_s":1,"mix":{"text":1}}`,
		`{"openid":"o","sheet":{"appId":"wxdemo"},"notify_after_s":[-1]}`, `{"step":"add"}`, `{"component":"comp"}`, `{"component":"comp","account":"demo"}`,
	} {
		f.Add(uint8(i), []byte(body))
	}
	targets := []struct{ verb, path string }{
		{http.MethodPut, "/control/accounts"},
		{http.MethodPut, "/control/faults"},
		{http.MethodPost, "/control/scan"},
		{http.MethodPost, "/control/login-code"},
		{http.MethodPost, "/control/push"},
		{http.MethodPost, "/control/pay"},
		{http.MethodPost, "/control/pay/certificate"},
		{http.MethodPost, "/control/component/ticket"},
		{http.MethodPost, "/control/component/unauthorize"},
	}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		b := newBench(t, Limits{})
		target := targets[int(n)%len(targets)]
		w := b.control(target.verb, target.path, string(body))
		if w.Code >= http.StatusInternalServerError || (w.Body.Len() > 0 && !json.Valid(w.Body.Bytes())) {
			t.Fatalf("%s: %d %s", target.path, w.Code, w.Body)
		}
	})
}
