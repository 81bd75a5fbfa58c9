package server_test

import (
	"bytes"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	cl "oalab/mockcarrier/ledger"
	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
)

const choices = `
account: demo
business:
  - {code: "2", kind: menu, name: 业务办理, commands: [业务办理], menu_key: M_2}
  - {code: "2.1", kind: menu, name: 流量月包}
  - {code: "2.1.1", kind: order, name: 5元流量月包, commands: [KT5], product: DM5, price_fen: 500, limit: 1}
  - {code: "2.1.2", kind: order, name: 6元夜间流量包, commands: [KT6], product: DS6, price_fen: 600}
  - {code: "2.1.3", kind: order, name: 季包, commands: [KT100], product: DQ100, price_fen: 100, months: 3}
  - {code: "2.2", kind: menu, name: 更换套餐}
  - {code: "2.2.1", kind: package, name: 58元畅享套餐, product: M58, price_fen: 5800, effect: next}
  - {code: "2.2.2", kind: package, name: 88元畅享套餐, product: M88, price_fen: 8800, effect: next}
`

// carrierSettings changes settings of the mock carrier by its control port.
func (w *world) carrierSettings(body string) {
	w.t.Helper()
	r, err := http.NewRequestWithContext(w.t.Context(), http.MethodPut, "http://"+w.carrier.ControlAddr()+"/control/settings", bytes.NewReader([]byte(body)))
	if err != nil {
		w.t.Fatal(err)
	}
	r.Close = true
	answer, err := http.DefaultClient.Do(r)
	if err != nil {
		w.t.Fatal(err)
	}
	defer answer.Body.Close()
	if answer.StatusCode/100 != 2 {
		w.t.Fatalf("settings were not taken: %s", answer.Status)
	}
}

// effects are what the carrier has done under a serial.
func (w *world) effects(serial string) (ops []string) {
	for _, e := range ledger[cl.Entry](w, w.carrier.ControlAddr()) {
		if e.Serial == serial && e.Effect == cl.EffectApplied {
			ops = append(ops, strings.TrimSpace(e.Op+" "+e.Code+" "+e.Effective))
		}
	}
	return ops
}

// TestChoicesEndToEnd: from a tap on the menu over numbers to what the carrier has done and
// the follower is told, with its refusals (BIZ-1, BIZ-4).
func TestChoicesEndToEnd(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	servertest.Seed(t, cfg, choices)
	s := servertest.Start(t, cfg)
	const follower = "oFollower0000000000000000001"
	says := func(text string, want ...string) string {
		t.Helper()
		m := mockwechat.Message{OpenID: follower, Content: text}
		if text == "M_2" {
			m = mockwechat.Message{OpenID: follower, Event: "CLICK", EventKey: text}
		}
		got := w.say(s, m)
		for _, part := range want {
			if !strings.Contains(got.Seen, part) {
				t.Errorf("%q is answered by %q, want %q in it", text, got.Seen, part)
			}
		}
		return got.Seen
	}
	says("M_2", "1 流量月包", "2 更换套餐")
	says("2", "1 58元畅享套餐 58.00元", "2 88元畅享套餐")
	says("1", "生效：下月1日", "回复1确认办理")
	changed := serialOf(t, says("1", "已受理"))
	w.until("the change is told", func() bool { return w.told(changed) == 1 })
	if ops := w.effects(changed); len(ops) > 1 || len(ops) == 1 && ops[0] != "ChangePackage M58 next" {
		t.Errorf("the carrier has done %v", ops)
	}
	says("2") // the page is a confirmation: there is no second choice
	says("0", "1 58元畅享套餐")
	says("2", "88元畅享套餐\n价格：88.00元")
	other := serialOf(t, says("1", "已受理"))
	w.until("the change is told", func() bool { return w.told(other) == 1 })
	if done := len(w.effects(changed)) + len(w.effects(other)); done < 1 { // a number has one of five packages
		t.Error("neither package was changed to")
	}

	product := serialOf(t, says("KT5", "已受理"))
	w.settled(product)
	says("KT5", "5元流量月包每个号码限办1次")
	says("我的订单", "5元流量月包 已成功", "订单号"+product, "88元畅享套餐")
	says("取消订单"+product, "已办理完毕")

	w.carrierSettings(`{"sold_out": ["DS6"]}`)
	gone := serialOf(t, says("KT6", "已受理"))
	w.until("the refusal is told", func() bool { return w.told(gone) == 1 })
	says("我的订单", "6元夜间流量包 未成功：该产品已售罄。")
	w.carrierSettings(`{"sold_out": []}`)
	// The carrier knows what excludes each other, wherever it was ordered.
	for _, text := range []string{"KT6", "KT100"} {
		serial := serialOf(t, says(text, "已受理"))
		w.until("the result is told", func() bool { return w.told(serial) == 1 })
	}
	says("我的订单", "互斥，无法办理。")
}

// seedFile is a file with the content of a seed.
func seedFile(t *testing.T, content string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "seed.yaml")
	if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestSeedNamesLinesOfTheCatalogue: what is wrong between codes is told with the line of the
// code in the file, also where the other code is in the database.
func TestSeedNamesLinesOfTheCatalogue(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	servertest.Seed(t, cfg, choices)
	for content, want := range map[string]string{
		"business:\n  - {code: '3.1', kind: order, name: x, product: P}\n":                                                        `line 2: business[0]: business code 3.1: neither a command nor a menu key asks for it, and there is no menu "3"`,
		"business:\n  - {code: '2.1.9', kind: order, name: x, product: P}\n  - {code: '7', kind: menu, name: x, commands: [x]}\n": "line 3: business[1]: business code 7: nothing is under this menu",
		"business:\n  - {code: '9', kind: order, name: x, product: P, commands: [KT5]}\n":                                         `line 2: business[0]: business codes 2.1.1 and 9 of account demo are both asked for by "KT5"`,
		"business:\n  - {code: '9', kind: order, name: x, product: P, commands: [X], excludes: ['2.2.1']}\n":                      `line 2: business[0]: business code 9: it excludes "2.2.1", which is no code of kind order`,
		"business:\n  - {code: '9', kind: order, name: x, product: P, commands: [X], price_fen: -1, effect: soon}\n":              "line 2: business[0]: business code 9: price -1",
		"business:\n  - {code: '9', kind: order, name: x, product: P, commands: [X], price: 5}\n":                                 `unknown key "price"`,
	} {
		_, err := server.Seed(t.Context(), cfg, seedFile(t, content))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", content, err, want)
		}
	}
}
