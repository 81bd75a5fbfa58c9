package mockcarrier_test

import (
	"bytes"
	"encoding/json"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/chaos/upstream"
	"oalab/internal/jsonl"
	"oalab/mockcarrier"
	"oalab/mockcarrier/ledger"
	"oalab/server/carrier"
)

func TestControlPort(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	tests := []struct {
		name, method, path, body string
		status                   int
		answer                   string
	}{
		{"settings", "GET", "settings", "", 200, `{"dedup":true}`},
		{"settings changed", "PUT", "settings", `{"dedup":false}`, 200, `{"dedup":false}`},
		{"sold out", "PUT", "settings", `{"sold_out":["DM5"]}`, 200, `{"dedup":false,"sold_out":["DM5"]}`},
		{"neither setting", "PUT", "settings", `{}`, 400, `both are missing`},
		{"unknown setting", "PUT", "settings", `{"dedupe":false}`, 400, `unknown field`},
		{"rules", "PUT", "faults", `[{"match":{"path":"/carrier","op":"OrderProduct"},"status":503}]`, 200, `"status":503`},
		{"operation that is none", "PUT", "faults", `[{"match":{"op":"Order"},"status":503}]`, 400, `rule 0: match.op: \"Order\" is none of`},
		{"path that is none", "PUT", "faults", `[{"match":{"path":"/soap"},"status":503}]`, 400, `match.path`},
		{"account", "PUT", "faults", `[{"match":{"account":"demo"},"status":503}]`, 400, `match.account`},
		{"fault code", "PUT", "faults", `[{"fault":"Sender"}]`, 400, `fault: fault code`},
		{"result code", "PUT", "faults", `[{"errcode":45009}]`, 400, `errcode: 45009`},
		{"double without an effect", "PUT", "faults", `[{"match":{"op":"QueryUsage"},"action":"double"}]`, 400, `action: QueryUsage`},
		{"rules stay after mistakes", "GET", "faults", "", 200, `"status":503`},
		{"reset", "POST", "reset", "", 200, `{}`},
		{"rules are gone", "GET", "faults", "", 200, `[]`},
		{"settings are back", "GET", "settings", "", 200, `{"dedup":true}`},
		{"unknown filter", "GET", "ledger?code=1", "", 400, `filter \"code\"`},
		{"filter twice", "GET", "ledger?op=a&op=b", "", 400, `filter \"op\"`},
		{"no time", "GET", "ledger?since=yesterday", "", 400, `filter since`},
		{"reset by GET", "GET", "reset", "", 405, `use POST`},
		{"rules by POST", "POST", "faults", "[]", 405, `use GET, PUT`},
		{"nothing there", "GET", "nope", "", 404, `nothing at /control/nope`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			status, _, answer, err := b.send(t.Context(), tt.method, b.control(tt.path), tt.body)
			if err != nil {
				t.Fatal(err)
			}
			if status != tt.status || !strings.Contains(string(answer), tt.answer) {
				t.Errorf("answered %d %s, expected %d with %s", status, answer, tt.status, tt.answer)
			}
			if status >= 400 {
				var problem struct{ Error string }
				if err := json.NewDecoder(bytes.NewReader(answer)).Decode(&problem); err != nil || problem.Error == "" {
					t.Errorf("%s is not the JSON of an error", answer)
				}
			}
		})
	}
}

func TestDedupIsSwitchedOff(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	b.order(t, "A", "P")
	if status, _, answer, err := b.send(t.Context(), http.MethodPut, b.control("settings"), `{"dedup":false}`); err != nil || status != 200 {
		t.Fatalf("%d %s %v", status, answer, err)
	}
	b.order(t, "A", "P")
	if got := effects(b.lines(t, "")); got != "applied applied" {
		t.Errorf("effects %s, expected two applied", got)
	}
}

func TestLedgerFilters(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	b.order(t, "A", "P")
	b.order(t, "B", "P")
	all := b.lines(t, "")
	if err := b.call(t.Context(), carrier.SOAP11, &carrier.SendSMSRequest{Serial: "A", Msisdn: "13900000000", Text: "x"}, &carrier.SendSMSResponse{}); err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		query string
		want  int
	}{
		{"", 3},
		{"op=OrderProduct", 2},
		{"op=OrderProduct&serial=A", 1},
		{"serial=A", 2},
		{"phone=13900000000", 1},
		{"serial=C", 0},
		{"since=" + url.QueryEscape(all[1].At.Format(time.RFC3339Nano)), 2},
		{"since=" + url.QueryEscape(all[1].At.Add(time.Hour).Format(time.RFC3339Nano)), 0},
	}
	for _, tt := range tests {
		if got := b.lines(t, tt.query); len(got) != tt.want {
			t.Errorf("%q gave %d lines, expected %d: %+v", tt.query, len(got), tt.want, got)
		}
	}
}

// TestLedgerOutlivesTheCarrier holds that a carrier that comes back knows what
// it did, and that an order's line is on disk when its answer is there.
func TestLedgerOutlivesTheCarrier(t *testing.T) {
	path := filepath.Join(t.TempDir(), "carrier.jsonl")
	b := start(t, mockcarrier.Config{LedgerPath: path})
	first := b.order(t, "A", "P")
	if lines, err := jsonl.Read[ledger.Entry](path); err != nil || len(lines) != 1 || lines[0].Effect != ledger.EffectApplied {
		t.Fatalf("on disk after the answer: %+v, %v", lines, err)
	}
	if err := b.Stop(t.Context()); err != nil {
		t.Fatal(err)
	}
	b = start(t, mockcarrier.Config{LedgerPath: path})
	if got := b.state(t, "A"); got != carrier.StateApplied {
		t.Errorf("after coming back the order is %s", got)
	}
	if again := b.order(t, "A", "P"); again.OrderID != first.OrderID {
		t.Errorf("after coming back the order's number is %s, it was %s", again.OrderID, first.OrderID)
	}
	if again := b.order(t, "A", "Q"); again.RspCode != carrier.CodeSerialReused {
		t.Errorf("after coming back another body was answered %s", again.RspCode)
	}
	if got := effects(b.lines(t, "")); got != "applied repeated refused" {
		t.Errorf("effects %s", got)
	}
	if status, _, answer, err := b.send(t.Context(), http.MethodPost, b.control("reset"), ""); err != nil || status != 200 {
		t.Fatalf("reset: %d %s %v", status, answer, err)
	}
	b.order(t, "A", "Q")
	if lines, err := jsonl.Read[ledger.Entry](path); err != nil || len(lines) != 1 || lines[0].Code != "Q" {
		t.Errorf("on disk after the reset: %+v, %v", lines, err)
	}
}

func TestWrongConfigs(t *testing.T) {
	torn := filepath.Join(t.TempDir(), "torn.jsonl")
	if err := os.WriteFile(torn, []byte(`{"op":`), 0o600); err != nil {
		t.Fatal(err)
	}
	tests := map[string]struct {
		cfg     mockcarrier.Config
		problem string
	}{
		"torn ledger":    {mockcarrier.Config{LedgerPath: torn}, "move the file away"},
		"no folder":      {mockcarrier.Config{LedgerPath: filepath.Join(torn, "x")}, "not a directory"},
		"negative limit": {mockcarrier.Config{MaxInFlight: -1}, "negative"},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c, err := mockcarrier.New(tt.cfg)
			if err == nil {
				t.Cleanup(func() { _ = c.Stop(t.Context()) })
			}
			if err == nil || !strings.Contains(err.Error(), tt.problem) {
				t.Errorf("got %v, expected an error with %q", err, tt.problem)
			}
		})
	}
}

func TestLifeCycle(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	if err := b.Start(t.Context(), "127.0.0.1:0", "127.0.0.1:0"); err == nil {
		t.Error("it was started twice")
	}
	other, err := mockcarrier.New(mockcarrier.Config{})
	if err != nil {
		t.Fatal(err)
	}
	if got := other.Addr() + other.ControlAddr(); got != "" {
		t.Errorf("addresses %s before the start", got)
	}
	if err := other.Start(t.Context(), "127.0.0.1:0", b.Addr()); err == nil || !strings.Contains(err.Error(), "control port") {
		t.Errorf("start on a port that is taken returned %v", err)
	}
	for range 2 {
		if err := other.Stop(t.Context()); err != nil {
			t.Errorf("stop: %v", err)
		}
	}
}

// TestHarnessController drives the real control port with the harness side.
func TestHarnessController(t *testing.T) {
	b := start(t, mockcarrier.Config{})
	c := upstream.NewController("http://" + b.ControlAddr())
	f := c.Fault("carrier-down", "carrier", upstream.Rule{Match: upstream.Match{Op: carrier.OpOrderProduct}, ErrCode: 2001})
	for _, step := range []func() error{
		func() error { return f.Inject(t.Context()) },
		func() error { return f.AwaitEffect(t.Context()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if out := b.order(t, "A", "P"); out.RspCode != carrier.CodeBusy {
		t.Errorf("under the fault the order was answered %s", out.RspCode)
	}
	for _, step := range []func() error{
		func() error { return f.Recover(t.Context()) },
		func() error { return f.AwaitHealed(t.Context()) },
	} {
		if err := step(); err != nil {
			t.Fatal(err)
		}
	}
	if out := b.order(t, "A", "P"); out.RspCode != carrier.CodeOK {
		t.Errorf("after it the order was answered %s", out.RspCode)
	}
	if err := c.Reset(t.Context()); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]ledger.Entry(nil), b.lines(t, "")); diff != "" {
		t.Errorf("ledger after the reset: %s", diff)
	}
}
