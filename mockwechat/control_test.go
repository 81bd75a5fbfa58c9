package mockwechat

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos/upstream"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
	"oalab/mockwechat/push"
)

func (b *bench) control(method, path, body string) *httptest.ResponseRecorder {
	b.t.Helper()
	w := httptest.NewRecorder()
	b.ControlHandler().ServeHTTP(w, httptest.NewRequestWithContext(b.t.Context(), method, path, strings.NewReader(body)))
	return w
}

func TestControlErrorsAreNamed(t *testing.T) {
	tests := []struct {
		name, method, path, body string
		status                   int
		want                     string
	}{
		{"unknown key", http.MethodPut, "/control/accounts", `[{"name":"a","app_id":"b","secrte":"c"}]`, 400, "secrte"},
		{"no list", http.MethodPut, "/control/accounts", `{}`, 400, "body"},
		{"no name", http.MethodPut, "/control/accounts", `[{"app_id":"b"}]`, 400, "name"},
		{"same name", http.MethodPut, "/control/accounts", `[{"name":"a","app_id":"b"},{"name":"a","app_id":"c"}]`, 400, "twice"},
		{"mode", http.MethodPut, "/control/accounts", `[{"name":"a","app_id":"b","mode":"secret"}]`, 400, "secret"},
		{"mode without a key", http.MethodPut, "/control/accounts", `[{"name":"a","app_id":"b","mode":"safe"}]`, 400, "encoding_aes_key"},
		{"key of a plain account", http.MethodPut, "/control/accounts", `[{"name":"a","app_id":"b","encoding_aes_key":"short"}]`, 400, "encoding_aes_key"},
		{"followers", http.MethodPut, "/control/accounts", `[{"name":"a","app_id":"b","followers":7}]`, 400, "followers"},
		{"callback", http.MethodPut, "/control/accounts", `[{"name":"a","app_id":"b","callback_url":"x"}]`, 400, "callback_url"},
		{"filter", http.MethodGet, "/control/ledger?opneid=x", "", 400, "opneid"},
		{"rule", http.MethodPut, "/control/faults", `[{"action":"explode"}]`, 400, "explode"},
		{"SOAP fault", http.MethodPut, "/control/faults", `[{"fault":"Server"}]`, 400, "SOAP"},
		{"answer to a push", http.MethodPut, "/control/faults", `[{"match":{"path":"push"},"status":500}]`, 400, "push"},
		{"push to nowhere", http.MethodPost, "/control/push", `{"openid":"o"}`, 400, "callback_url"},
		{"push of nobody", http.MethodPost, "/control/push", `{"account":"nobody"}`, 400, "nobody"},
		{"push without a load", http.MethodGet, "/control/push", "", 404, "load"},
	}
	b := newBench(t, Limits{})
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			w := b.control(test.method, test.path, test.body)
			var answer struct {
				Error string `json:"error"`
			}
			if err := json.Unmarshal(w.Body.Bytes(), &answer); err != nil || w.Code != test.status || !strings.Contains(answer.Error, test.want) {
				t.Errorf("%d %s (%v), want %d naming %q", w.Code, w.Body, err, test.status, test.want)
			}
		})
	}
}

func TestControlAccounts(t *testing.T) {
	b := newBench(t, Limits{})
	token := b.token()
	const body = `[{"name":"demo","app_id":"wxdemo","secret":"s3cret","token":"t","original_id":"gh_1","mode":"plain",
		"encoding_aes_key":"","callback_url":"http://127.0.0.1:1/wechat/demo","followers":{"count":100,"seed":5},"token_lifetime_s":20,"templates":["a"]},
		{"name":"new","app_id":"wxnew","followers":["oAAAAAAAAAAAAAAAAAAAAAAAAAAA"]}]`
	if w := b.control(http.MethodPut, "/control/accounts", body); w.Code != http.StatusNoContent {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	demo, _ := b.Account("demo")
	want := Account{
		Name: "demo", AppID: "wxdemo", Secret: "s3cret", Token: "t", OriginalID: "gh_1", Mode: "plain",
		CallbackURL: "http://127.0.0.1:1/wechat/demo", Followers: crowd, TokenLifetime: 20 * time.Second, Templates: []string{"a"},
	}
	if diff := cmp.Diff(want, demo); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	// The account is the same one still: its token lives.
	b.wantCode(b.template(token, map[string]any{"template_id": "a"}), platform.CodeOK)
	if _, ok := b.Account("other"); ok {
		t.Error("an account that is not listed is still there")
	}
	var listed []Account
	if err := json.Unmarshal(b.control(http.MethodGet, "/control/accounts", "").Body.Bytes(), &listed); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, listed[0]); diff != "" || len(listed) != 2 || listed[1].Followers.List == nil {
		t.Errorf("read back %d accounts (-want +got)\n%s", len(listed), diff)
	}
}

func TestControlLedgerFiltersAndReset(t *testing.T) {
	for name, path := range map[string]string{"in memory": "", "in a file": filepath.Join(t.TempDir(), "l.jsonl")} {
		t.Run(name, func(t *testing.T) {
			p, err := New(Config{Accounts: []Account{demoAccount()}, LedgerPath: path})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = p.Stop(t.Context()) })
			b := &bench{Platform: p, t: t, clock: newClock()}
			token := b.token()
			b.template(token, map[string]any{"client_msg_id": "S1"})
			b.template(token, map[string]any{"client_msg_id": "S1"})
			b.template(token, map[string]any{"client_msg_id": "S2"})
			lines := func(query string) int {
				w := b.control(http.MethodGet, "/control/ledger?"+query, "")
				n := 0
				for line := range strings.Lines(w.Body.String()) {
					var c ledger.Call
					if err := json.Unmarshal([]byte(line), &c); err != nil {
						t.Fatal(err)
					}
					n++
				}
				return n
			}
			for query, want := range map[string]int{
				"": 4, "client_msg_id=S1": 2, "client_msg_id=S1&effect=delivered": 1, "path=/cgi-bin/stable_token": 1,
				"errcode=40001": 0, "token_state=valid": 4, "account=demo&kind=api": 4, "kind=push": 0,
			} {
				if got := lines(query); got != want {
					t.Errorf("%q: %d lines, want %d", query, got, want)
				}
			}
			if w := b.control(http.MethodPut, "/control/faults", `[{"errcode":-1}]`); w.Code != http.StatusOK {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			b.wantCode(b.stable(false), platform.CodeSystem)
			if w := b.control(http.MethodPost, "/control/reset", ""); w.Code != http.StatusNoContent {
				t.Fatalf("%d %s", w.Code, w.Body)
			}
			if got := lines(""); got != 0 {
				t.Errorf("%d lines after a reset", got)
			}
			if rules := b.Rules().Rules(); len(rules) != 0 {
				t.Errorf("%d rules after a reset", len(rules))
			}
			b.wantCode(b.template(token, nil), platform.CodeInvalidCredential)
			if got := lines(""); got != 1 {
				t.Errorf("%d lines after one call", got)
			}
			if path != "" {
				if text, err := os.ReadFile(path); err != nil || strings.Count(string(text), "\n") != 6 {
					t.Errorf("the file has %d lines, %v; evidence is never thrown away: want 6", strings.Count(string(text), "\n"), err)
				}
			}
		})
	}
}

func TestControlPush(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("success")) }))
	defer server.Close()
	b := newBench(t, Limits{})
	demo := demoAccount()
	demo.CallbackURL = server.URL
	if err := b.SetAccounts([]Account{demo}); err != nil {
		t.Fatal(err)
	}
	w := b.control(http.MethodPost, "/control/push", `{"openid":"`+crowd.OpenID(0)+`","content":"你好"}`)
	var o Outcome
	if err := json.Unmarshal(w.Body.Bytes(), &o); err != nil || !o.OK || o.Tries != 1 || o.Seen != "success" || o.MsgID == "" {
		t.Fatalf("%d %s, %v", w.Code, w.Body, err)
	}
	if c := b.last(); c.Kind != ledger.KindPush || c.OpenID != crowd.OpenID(0) || c.MsgID != o.MsgID || c.Effect != ledger.EffectDelivered || c.Status != 200 {
		t.Errorf("ledger %+v", c)
	}
	if w := b.control(http.MethodPost, "/control/push", `{"openid":"`+crowd.OpenID(0)+`","msg_type":"event"}`); w.Code != http.StatusBadRequest {
		t.Errorf("a bad message: %d %s", w.Code, w.Body)
	}
}

func TestControlPushLoad(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) {}))
	defer server.Close()
	b := newBench(t, Limits{})
	demo := demoAccount()
	demo.CallbackURL = server.URL
	if err := b.SetAccounts([]Account{demo}); err != nil {
		t.Fatal(err)
	}
	for _, bad := range []string{
		`{"rate":-1,"duration_s":1}`, `{"rate":10,"duration_s":0}`, `{"rate":1e9,"duration_s":1e9}`, `{"rate":10,"duration_s":1,"mix":{"smoke":1}}`,
	} {
		if w := b.control(http.MethodPost, "/control/push", bad); w.Code != http.StatusBadRequest {
			t.Errorf("%s: %d %s", bad, w.Code, w.Body)
		}
	}
	w := b.control(http.MethodPost, "/control/push", `{"rate":500,"duration_s":0.2,"mix":{"text":1,"event":1},"event_keys":["A","B"]}`)
	if w.Code != http.StatusAccepted {
		t.Fatalf("%d %s", w.Code, w.Body)
	}
	calls := eventually(t, b.Platform, 100)
	events, who := 0, map[string]bool{}
	for _, c := range calls {
		who[c.OpenID] = true
		if strings.HasSuffix(c.MsgID, "|CLICK|A") || strings.HasSuffix(c.MsgID, "|CLICK|B") {
			events++
		}
	}
	if events < 20 || events > 80 || len(who) < 20 {
		t.Errorf("%d events of 100, %d followers", events, len(who))
	}
	var s push.Progress
	tick := time.NewTicker(5 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.Now().Add(10 * time.Second); !s.Done && time.Now().Before(deadline); <-tick.C {
		if err := json.Unmarshal(b.control(http.MethodGet, "/control/push", "").Body.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
	}
	if diff := cmp.Diff(push.Progress{Scheduled: 100, Started: 100, OK: 100, Done: true}, s); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestReadAccounts(t *testing.T) {
	tests := []struct{ name, file, text, want string }{
		{"YAML list", "a.yaml", "- name: demo\n  app_id: wx\n  token_lifetime_s: 1.5\n  followers: [oA, oB]\n", ""},
		{"YAML key", "a.yaml", "accounts:\n  - name: demo\n    app_id: wx\n    token_lifetime_s: 1.5\n    followers: [oA, oB]\n", ""},
		{"JSON", "a.json", `[{"name":"demo","app_id":"wx","token_lifetime_s":1.5,"followers":["oA","oB"]}]`, ""},
		{"typo", "a.yaml", "- name: demo\n  app_id: wx\n  tokn: x\n", "line 3: unknown key \"tokn\""},
		{"typo in JSON", "a.json", "[\n{\"name\":\"demo\",\n\"app_idd\":\"wx\"}]", "line 3: unknown key"},
		{"typo beside the key", "a.yaml", "acounts: []\n", "acounts"},
		{"typo in the crowd", "a.yaml", "- name: demo\n  app_id: wx\n  followers: {cuont: 1}\n", "cuont"},
		{"number", "a.yaml", "\ufeff- name: demo\n  app_id: wx\n  token_lifetime_s: 1.5\t\r\n  followers: [oA, oB]\n", ""},
		{"octal", "a.yaml", "- name: demo\n  app_id: wx\n  followers: {count: 010}\n", `line 3: [0].followers.count: "010" is not a whole number`},
		{"twice", "a.yaml", "- name: demo\n  name: demo\n", `line 2: key "name" stands twice`},
		{"broken", "a.yaml", "- name: [\n", "a.yaml"},
		{"nameless", "a.yaml", "- app_id: wx\n", "name"},
		{
			"several", "a.yaml", "accounts:\n- app_id: wx\n- name: b\n  mode: closed\n  token_lifetime_s: -1\n  callback_url: nowhere\n- {name: b, app_id: wx, encoding_aes_key: short, follower: []}\n- {name: c, app_id: w2, token_lifetime_s: 1h}\n",
			`line 7: unknown key "follower" in accounts[2]; line 8: accounts[3].token_lifetime_s: "1h" is not a number such as 1.5; ` +
				"line 2: accounts[0].name: account number 1 has no name; " +
				"line 3: accounts[1].app_id: account b: it has no app_id; " +
				"line 5: accounts[1].token_lifetime_s: account b: token_lifetime_s is negative; " +
				`line 4: accounts[1].mode: account b: mode "closed" is none of plain, compatible, safe; ` +
				`line 6: accounts[1].callback_url: account b: callback_url "nowhere": want http://host/path; ` +
				"line 7: accounts[2].encoding_aes_key: account b: ",
		},
		{"several in a list", "a.yaml", "- {name: b, app_id: wx}\n- {name: b, app_id: wx}\n", "line 2: [1].name: account b: its name is used twice; line 2: [1].app_id: account b: its app_id is used twice"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), test.file)
			if err := os.WriteFile(path, []byte(test.text), 0o600); err != nil {
				t.Fatal(err)
			}
			got, err := ReadAccounts(path)
			if test.want != "" {
				if err == nil || !strings.Contains(err.Error(), test.want) {
					t.Errorf("error %v, want one naming %q", err, test.want)
				}
				return
			}
			want := []Account{{Name: "demo", AppID: "wx", TokenLifetime: 1500 * time.Millisecond, Followers: Followers{List: []string{"oA", "oB"}}}}
			if diff := cmp.Diff(want, got); diff != "" || err != nil {
				t.Errorf("%v (-want +got)\n%s", err, diff)
			}
		})
	}
	literal := filepath.Join(t.TempDir(), "literal.yaml")
	if err := os.WriteFile(literal, []byte("- {name: 030, app_id: 2.10, token: 0123456, secret: 1e3, followers: [0755]}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	want := []Account{{Name: "030", AppID: "2.10", Token: "0123456", Secret: "1e3", Followers: Followers{List: []string{"0755"}}}}
	if got, err := ReadAccounts(literal); err != nil || !cmp.Equal(want, got) {
		t.Errorf("literal values: %v\n%s", err, cmp.Diff(want, got))
	}
	path := filepath.Join(t.TempDir(), "crowd.yaml")
	if err := os.WriteFile(path, []byte("- {name: demo, app_id: wx, followers: {count: 1000000, seed: 7}}\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if got, err := ReadAccounts(path); err != nil || got[0].Followers.Count != 1_000_000 || got[0].Followers.Seed != 7 {
		t.Errorf("crowd: %+v, %v", got, err)
	}
}

func TestFaultsMatchByOperation(t *testing.T) {
	b := newBench(t, Limits{})
	if err := b.Rules().Set([]upstream.Rule{{Match: upstream.Match{Op: "message/template/send", Account: "demo"}, ErrCode: 45009}}); err != nil {
		t.Fatal(err)
	}
	b.active(Message{OpenID: crowd.OpenID(0), Content: "x"})
	b.wantCode(b.custom(b.token(), crowd.OpenID(0), "a"), platform.CodeOK)
	b.wantCode(b.template(b.token(), nil), platform.CodeDayQuota)
	if last := b.last(); last.Effect != ledger.EffectRefused || last.TokenState != ledger.TokenValid {
		t.Errorf("ledger %+v", last)
	}
}
