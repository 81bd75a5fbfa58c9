package mockwechat

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"oalab/mockwechat/phone"
)

// FuzzPhone sends any body to the API of a phone, the bridge of the JSSDK among it: no panic,
// JSON for an answer, and no payment without the merchant's signature.
func FuzzPhone(f *testing.F) {
	for i, body := range []string{
		`{"do":"text","text":"a"}`, `{"api":"config","url":"http://oa.example/","args":{"appId":"wxdemo","timestamp":1,"nonceStr":"N","signature":"x","jsApiList":["chooseWXPay"]}}`,
		`{"api":"chooseWXPay","url":"http://oa.example/","args":{"timestamp":"1","package":"prepay_id=1","signType":"RSA","paySign":"x"},"pays":true}`,
		`{"do":"location_select","key":"K6","latitude":1e300}`, `{"api":"checkJsApi","url":"http://oa.example/","args":{"jsApiList":[1]}}`,
		`{"api":"getBrandWCPayRequest","args":[],"pays":true}`, `{"do":"pic_weixin","key":"K5","count":-1}`,
	} {
		f.Add(uint8(i), []byte(body))
	}
	m := newTill(f)
	m.ok("/cgi-bin/menu/create", menuOfAllTypes())
	pushed := func(func()) error { return nil } // nothing leaves the platform
	phones, err := phone.New(f.Context(), m.core, m.payments, pushed, nil)
	if err != nil {
		f.Fatal(err)
	}
	paths := []string{"/do", "/bridge", "/pay"}
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		r := httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/phone/demo/"+fan+paths[int(n)%len(paths)], strings.NewReader(string(body)))
		r.Header.Set("Content-Type", "application/json")
		w := httptest.NewRecorder()
		phones.ServeHTTP(w, r)
		if w.Code >= http.StatusInternalServerError || w.Body.Len() > 0 && !json.Valid(w.Body.Bytes()) {
			t.Fatalf("%s: %d %s", r.URL.Path, w.Code, w.Body)
		}
		var a struct {
			ErrMsg string          `json:"errMsg"`
			Bill   json.RawMessage `json:"bill"`
		}
		if err := json.Unmarshal(w.Body.Bytes(), &a); err == nil && (a.Bill != nil || a.ErrMsg == "chooseWXPay:ok" || a.ErrMsg == "getBrandWCPayRequest:ok") {
			t.Fatalf("%s: %s is paid for %s", r.URL.Path, w.Body, body)
		}
	})
}

// FuzzAccountsFile reads any accounts file: what is taken makes a platform.
func FuzzAccountsFile(f *testing.F) {
	for _, text := range []string{
		"- {name: a, app_id: b}\n", "accounts:\n  - name: a\n    app_id: b\n    followers: {count: 3}\n    pay: {mch_id: '1', certificate: x}\n",
		`[{"name":"a","app_id":"b","followers":["o"],"component":{"message_url":"http://a/$APPID$"}}]`, "- &a {name: a}\n- *a\n", "",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		path := filepath.Join(t.TempDir(), "a.yaml")
		if err := os.WriteFile(path, text, 0o600); err != nil {
			t.Fatal(err)
		}
		list, err := ReadAccounts(path)
		if err != nil {
			return
		}
		p, err := New(Config{Accounts: list})
		if err != nil {
			t.Fatalf("taken from a file, and refused: %v\n%s", err, text)
		}
		if err := p.Stop(t.Context()); err != nil {
			t.Error(err)
		}
	})
}
