package mockwechat

import (
	"encoding/json"
	"maps"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/pay"
	"oalab/mockwechat/platform"
)

// wrongPay is a merchant that breaks one rule of WeChat Pay (MOCKW-5, BIZ-8).
type wrongPay struct {
	rule string
	name string
	sign func(*signing)
	make func(t *till) (method, path string, body any)
}

// wrongMerchants are at least one for every rule in the mock's table of refusals.
func wrongMerchants() []wrongPay {
	asks := func(*till) (string, string, any) { return http.MethodGet, "/v3/certificates", nil }
	prepays := func(change obj) func(*till) (string, string, any) {
		return func(t *till) (string, string, any) { return http.MethodPost, pathPrepay, t.order(t.number(), change) }
	}
	again := func(before func(t *till, number string), change obj) func(*till) (string, string, any) {
		return func(t *till) (string, string, any) {
			number := t.number()
			before(t, number)
			return http.MethodPost, pathPrepay, t.order(number, change)
		}
	}
	pays := func(t *till, number string) {
		if _, err := t.pays(fan, t.prepay(number)); err != nil {
			t.t.Fatal(err)
		}
		t.told()
	}
	closes := func(t *till, number string) {
		t.prepay(number)
		t.must(http.StatusNoContent, http.MethodPost, pathTrade+number+"/close", obj{"mchid": mchID})
	}
	refunds := func(change obj) func(*till) (string, string, any) {
		return func(t *till) (string, string, any) {
			order, _ := t.paid()
			m := t.refund(t.number(), order, 1000)
			maps.Copy(m, change)
			return http.MethodPost, pathRefund, m
		}
	}
	amount := func(refund, total int, currency string) obj {
		return obj{"amount": obj{"refund": refund, "total": total, "currency": currency}}
	}
	bill := func(path, query string) func(*till) (string, string, any) {
		return func(*till) (string, string, any) { return http.MethodGet, path + "?" + query, nil }
	}
	return []wrongPay{
		{rule: "pay-authorization", name: "no header", make: asks, sign: func(s *signing) { s.header = "none" }},
		{rule: "pay-authorization", name: "another scheme", make: asks, sign: func(s *signing) { s.header = `Bearer mchid="1"` }},
		{rule: "pay-authorization", name: "no signature", make: asks, sign: func(s *signing) {
			s.header = `WECHATPAY2-SHA256-RSA2048 mchid="` + mchID + `",nonce_str="n",timestamp="1",serial_no="1",signature=""`
		}},
		{rule: "pay-merchant", name: "unknown merchant", make: asks, sign: func(s *signing) { s.mchID = "1900000009" }},
		{rule: "pay-serial", name: "another certificate", make: asks, sign: func(s *signing) { s.serial = "51C0FFE" }},
		{rule: "pay-timestamp", name: "six minutes ago", make: asks, sign: func(s *signing) { s.at = s.at.Add(-6 * time.Minute) }},
		{rule: "pay-timestamp", name: "in six minutes", make: asks, sign: func(s *signing) { s.at = s.at.Add(6 * time.Minute) }},
		{rule: "pay-signature", name: "another key", make: asks, sign: func(s *signing) { s.key = otherKey() }},
		{rule: "pay-signature", name: "body changed on the way", make: prepays(nil), sign: func(s *signing) { s.tail = " " }},
		{rule: "pay-json", name: "no JSON", make: func(*till) (string, string, any) { return http.MethodPost, pathPrepay, "{" }},
		{rule: "pay-json", name: "total as a text", make: prepays(obj{"amount": obj{"total": "3000"}})},
		{rule: "pay-mchid", name: "order of another merchant", make: prepays(obj{"mchid": "1900000009"})},
		{rule: "pay-mchid", name: "query without mchid", make: func(t *till) (string, string, any) {
			number := t.number()
			t.prepay(number)
			return http.MethodGet, pathTrade + number, nil
		}},
		{rule: "pay-mchid", name: "close without mchid", make: func(t *till) (string, string, any) {
			number := t.number()
			t.prepay(number)
			return http.MethodPost, pathTrade + number + "/close", obj{}
		}},
		{rule: "pay-appid", name: "another account", make: prepays(obj{"appid": "wxother"})},
		{rule: "pay-out-trade-no", name: "five letters", make: func(t *till) (string, string, any) { return http.MethodPost, pathPrepay, t.order("TOPUP", nil) }},
		{rule: "pay-out-trade-no", name: "a space", make: func(t *till) (string, string, any) { return http.MethodPost, pathPrepay, t.order("TOPUP 000001", nil) }},
		{rule: "pay-description", name: "no description", make: prepays(obj{"description": ""})},
		{rule: "pay-description", name: "128 letters", make: prepays(obj{"description": repeat("充", 128)})},
		{rule: "pay-attach", name: "129 letters", make: prepays(obj{"attach": repeat("a", 129)})},
		{rule: "pay-notify-url", name: "no address", make: prepays(obj{"notify_url": "notify"})},
		{rule: "pay-notify-url", name: "address with a query", make: prepays(obj{"notify_url": "https://oa.example/notify?a=1"})},
		{rule: "pay-total", name: "nothing to pay", make: prepays(obj{"amount": obj{"total": 0}})},
		{rule: "pay-currency", name: "dollars", make: prepays(obj{"amount": obj{"total": 3000, "currency": "USD"}})},
		{rule: "pay-expire", name: "another form of time", make: prepays(obj{"time_expire": "20301231235959"})},
		{rule: "pay-expire", name: "an end in the past", make: prepays(obj{"time_expire": "2020-01-01T00:00:00+08:00"})},
		{rule: "pay-openid-none", name: "no payer", make: prepays(obj{"payer": obj{}})},
		{rule: "pay-openid", name: "follower of another account", make: prepays(obj{"payer": obj{"openid": stranger}})},
		{rule: "pay-openid", name: "no openid at all", make: prepays(obj{"payer": obj{"openid": "13800138000"}})},
		{rule: "pay-paid", name: "order that is paid", make: again(pays, nil)},
		{rule: "pay-paid", name: "close of an order that is paid", make: func(t *till) (string, string, any) {
			order, _ := t.paid()
			return http.MethodPost, pathTrade + order + "/close", obj{"mchid": mchID}
		}},
		{rule: "pay-closed", name: "order that is closed", make: again(closes, nil)},
		{rule: "pay-changed", name: "same number, another price", make: again(func(t *till, number string) { t.prepay(number) }, obj{"amount": obj{"total": 1, "currency": "CNY"}})},
		{rule: "pay-order", name: "query of no order", make: func(*till) (string, string, any) { return http.MethodGet, pathTrade + "NOTHING?mchid=" + mchID, nil }},
		{rule: "pay-order", name: "query of no transaction", make: func(*till) (string, string, any) {
			return http.MethodGet, "/v3/pay/transactions/id/4200000000?mchid=" + mchID, nil
		}},
		{rule: "pay-order", name: "close of no order", make: func(*till) (string, string, any) {
			return http.MethodPost, pathTrade + "NOTHING/close", obj{"mchid": mchID}
		}},
		{rule: "pay-refund-no", name: "no number", make: refunds(obj{"out_refund_no": ""})},
		{rule: "pay-refund-which", name: "no order", make: refunds(obj{"out_trade_no": ""})},
		{rule: "pay-refund-which", name: "both numbers", make: refunds(obj{"transaction_id": "42"})},
		{rule: "pay-refund-amount", name: "refund of nothing", make: refunds(amount(0, 3000, "CNY"))},
		{rule: "pay-currency", name: "refund without currency", make: refunds(amount(1, 3000, ""))},
		{rule: "pay-notify-url", name: "refund told to no address", make: refunds(obj{"notify_url": "x"})},
		{rule: "pay-refund-order", name: "refund of no order", make: refunds(obj{"out_trade_no": "NOTHING"})},
		{rule: "pay-refund-unpaid", name: "refund of an order that is not paid", make: func(t *till) (string, string, any) {
			number := t.number()
			t.prepay(number)
			return http.MethodPost, pathRefund, t.refund(t.number(), number, 1)
		}},
		{rule: "pay-refund-total", name: "another total", make: refunds(amount(1000, 2000, "CNY"))},
		{rule: "pay-refund-sum", name: "more than was paid", make: refunds(amount(3001, 3000, "CNY"))},
		{rule: "pay-refund-sum", name: "second refund of more than is left", make: func(t *till) (string, string, any) {
			order, _ := t.paid()
			t.must(http.StatusOK, http.MethodPost, pathRefund, t.refund(t.number(), order, 2000))
			return http.MethodPost, pathRefund, t.refund(t.number(), order, 1001)
		}},
		{rule: "pay-refund-count", name: "51st refund", make: func(t *till) (string, string, any) {
			order, _ := t.paid()
			for range 50 {
				t.must(http.StatusOK, http.MethodPost, pathRefund, t.refund(t.number(), order, 1))
			}
			return http.MethodPost, pathRefund, t.refund(t.number(), order, 1)
		}},
		{rule: "pay-refund-changed", name: "same number, another amount", make: func(t *till) (string, string, any) {
			order, _ := t.paid()
			number := t.number()
			t.must(http.StatusOK, http.MethodPost, pathRefund, t.refund(number, order, 1))
			return http.MethodPost, pathRefund, t.refund(number, order, 2)
		}},
		{rule: "pay-bill-date", name: "day without dashes", make: bill(pathTradeBill, "bill_date=20261121")},
		{rule: "pay-bill-type", name: "type that is none", make: bill(pathTradeBill, "bill_date=2026-11-21&bill_type=MORE")},
		{rule: "pay-bill-account", name: "account that is none", make: bill(pathFundBill, "bill_date=2026-11-21&account_type=SAVINGS")},
		{rule: "pay-bill-tar", name: "another packing", make: bill(pathFundBill, "bill_date=2026-11-21&tar_type=ZIP")},
		{rule: "pay-bill-range", name: "four months ago", make: bill(pathTradeBill, "bill_date=2026-07-21")},
		{rule: "pay-bill-range", name: "a day to come", make: bill(pathTradeBill, "bill_date=2026-12-24")},
		{rule: "pay-bill-creating", name: "bill of today", make: func(t *till) (string, string, any) {
			t.paid()
			return http.MethodGet, pathTradeBill + "?bill_date=" + t.clock.now().Format(time.DateOnly), nil
		}},
		{rule: "pay-bill-creating", name: "funds of yesterday before ten", make: func(t *till) (string, string, any) {
			t.paid()
			was := t.clock.now()
			t.clock.advance(time.Date(was.Year(), was.Month(), was.Day()+1, 9, 59, 0, 0, was.Location()).Sub(was))
			return http.MethodGet, pathFundBill + "?bill_date=" + was.Format(time.DateOnly), nil
		}},
		{rule: "pay-bill-none", name: "day without payments", make: func(t *till) (string, string, any) {
			return http.MethodGet, pathTradeBill + "?bill_date=" + t.clock.now().AddDate(0, 0, -2).Format(time.DateOnly), nil
		}},
		{rule: "pay-bill-none", name: "account for fees", make: func(t *till) (string, string, any) {
			return http.MethodGet, pathFundBill + "?account_type=FEES&bill_date=" + t.clock.now().AddDate(0, 0, -2).Format(time.DateOnly), nil
		}},
		{rule: "pay-bill-token", name: "invented address", make: func(*till) (string, string, any) {
			return http.MethodGet, "/v3/billdownload/file?token=x", nil
		}},
		{rule: "pay-bill-token", name: "address of six minutes ago", make: func(t *till) (string, string, any) {
			path := t.billAddress()
			t.clock.advance(6 * time.Minute)
			return http.MethodGet, path, nil
		}},
		{rule: "pay-bill-other", name: "another merchant's bill", make: func(t *till) (string, string, any) {
			return http.MethodGet, t.billAddress(), nil
		}, sign: func(s *signing) { s.mchID = "1900000002" }},
		{rule: "pay-refund", name: "query of no refund", make: func(*till) (string, string, any) { return http.MethodGet, pathRefund + "/NOTHING", nil }},
	}
}

// billAddress is where the bill of a payment two days ago is fetched.
func (t *till) billAddress() string {
	t.t.Helper()
	t.paid()
	date := t.clock.now().Format(time.DateOnly)
	t.clock.advance(2 * day)
	got := t.raw(http.MethodGet, pathTradeBill+"?bill_date="+date, nil, nil)
	var said struct {
		URL string `json:"download_url"`
	}
	if err := json.Unmarshal(got.body, &said); err != nil || got.status != http.StatusOK {
		t.t.Fatalf("%d %s, %v", got.status, got.body, err)
	}
	return "/v3/" + strings.SplitN(said.URL, "/v3/", 2)[1]
}

// entries are what the merchant sees of every order and refund that it has asked for.
func (t *till) entries() map[string]string {
	t.t.Helper()
	all := map[string]string{}
	for _, line := range t.calls() {
		for _, path := range []string{pathTrade + line.Trade + "?mchid=" + mchID, pathRefund + "/" + line.Refund} {
			if _, known := all[path]; known || strings.HasSuffix(path, "/") || strings.Contains(path, "/?") || strings.Contains(path, " ") {
				continue
			}
			all[path] = string(t.raw(http.MethodGet, path, nil, nil).body)
		}
	}
	return all
}

// TestWrongMerchants: every wrong merchant is refused with the platform's status and code, in
// an answer that the platform has signed, and what is stored stays as it was.
func TestWrongMerchants(t *testing.T) {
	named := map[string]bool{}
	m := newTill(t)
	for _, w := range wrongMerchants() {
		named[w.rule] = true
		t.Run(w.rule+"/"+w.name, func(t *testing.T) {
			m.t = t
			if err := m.Reset(); err != nil {
				t.Fatal(err)
			}
			method, path, body := w.make(m)
			before := m.entries()
			got := m.raw(method, path, body, w.sign)
			last := m.asked()
			status, code := pay.RefusalOf(w.rule)
			var said struct{ Code, Message string }
			if err := json.Unmarshal(got.body, &said); err != nil || got.status != status || said.Code != code || said.Message == "" {
				t.Errorf("%d %s, want %d %s", got.status, got.body, status, code)
			}
			if err := m.genuine(got.header, got.body); err != nil {
				t.Error(err)
			}
			if last.Rule != w.rule || last.ErrCode != status || last.Effect != ledger.EffectRefused || last.Kind != ledger.KindPay {
				t.Errorf("ledger %+v", last)
			}
			after := m.entries()
			for path, was := range before {
				same(t, path, was, after[path])
			}
			for path, is := range after {
				if before[path] == "" && !strings.Contains(is, "NOT_EXIST") {
					t.Errorf("the refused call has made %s: %s", path, is)
				}
			}
		})
	}
	for _, rule := range pay.Rules() {
		if !named[rule] {
			t.Errorf("no wrong merchant breaks %q", rule)
		}
	}
}

// TestAPayRuleAloneRefusesItsMerchants: with a rule switched off, exactly the wrong merchants
// that name it are no longer refused by it.
func TestAPayRuleAloneRefusesItsMerchants(t *testing.T) {
	m := newTill(t)
	lenient, quick := map[string]http.Handler{}, pay.Certificates{Bits: testBits}
	for _, rule := range pay.Rules() {
		s, err := pay.New(t.Context(), m.core, &quick, m.life.background, []string{rule})
		if err != nil {
			t.Fatal(err)
		}
		lenient[rule] = s
	}
	for _, w := range wrongMerchants() {
		t.Run(w.rule+"/"+w.name, func(t *testing.T) {
			m.t = t
			if err := m.Reset(); err != nil {
				t.Fatal(err)
			}
			method, path, body := w.make(m)
			without := func(rule string) string {
				m.handler = lenient[rule]
				defer func() { m.handler = nil }()
				m.raw(method, path, body, w.sign)
				return m.asked().Rule
			}
			for _, off := range pay.Rules() {
				if off == w.rule {
					continue // last: the call may be let in, and change what is there
				}
				if got := without(off); got != w.rule {
					t.Errorf("without rule %s: refused by %q", off, got)
				}
			}
			if got := without(w.rule); got == w.rule {
				t.Error("still refused by it")
			}
		})
	}
}

// TestPayRulesAreThoseOfTheCode: the table names the rules that the code asks for, no more.
func TestPayRulesAreThoseOfTheCode(t *testing.T) {
	files, err := filepath.Glob("pay/*.go")
	if err != nil {
		t.Fatal(err)
	}
	var code strings.Builder
	for _, name := range files {
		content, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		code.Write(content)
	}
	for _, rule := range pay.Rules() {
		if !strings.Contains(code.String(), `breaks("`+rule+`"`) {
			t.Errorf("no code asks for rule %q", rule)
		}
	}
	if _, err := New(Config{Lenient: []string{"pay-nothing"}}); err == nil {
		t.Error("a rule that does not exist is not enforced")
	}
}

// TestWrongMerchantsAreNoAccounts: each mistake of the accounts file is named.
func TestWrongMerchantsAreNoAccounts(t *testing.T) {
	for want, change := range map[string]func(*platform.Merchant){
		"mch_id":       func(m *platform.Merchant) { m.MchID = "" },
		"api_v3_key":   func(m *platform.Merchant) { m.APIv3Key = "short" },
		"PEM":          func(m *platform.Merchant) { m.Certificate = "none" },
		"notify_speed": func(m *platform.Merchant) { m.NotifySpeed = -1 },
		"certificate:": func(m *platform.Merchant) {
			m.Certificate = "-----BEGIN CERTIFICATE-----\nMAA=\n-----END CERTIFICATE-----\n"
		},
	} {
		a := merchantAccount()
		change(&a.Pay)
		if _, err := New(Config{Accounts: []Account{a}}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", want, err)
		}
	}
	twin := merchantAccount()
	twin.Name, twin.AppID = "twin", "wxtwin"
	if _, err := New(Config{Accounts: []Account{merchantAccount(), twin}}); err == nil || !strings.Contains(err.Error(), "used twice") {
		t.Errorf("one merchant of two accounts: %v", err)
	}
}

// FuzzPay sends any body under any Authorization to any call of WeChat Pay, once signed as the
// merchant's and once not: an error is JSON with 4xx or 500, and only a signed call succeeds.
func FuzzPay(f *testing.F) {
	m := newTill(f)
	order, transaction := m.paid()
	header := `WECHATPAY2-SHA256-RSA2048 mchid="` + mchID + `",nonce_str="n",timestamp="1",serial_no="051C0FFE",signature="AAAA"`
	paths := []string{pathPrepay, pathTrade + order, "/v3/pay/transactions/id/" + transaction, pathTrade + order + "/close", pathRefund, pathRefund + "/R1", pathRefund, pathTradeBill, pathRefund, pathFundBill, pathRefund, "/v3/billdownload/file"}
	for i := range paths {
		body, err := json.Marshal(m.order("FUZZ01", obj{"out_refund_no": "R1", "amount": obj{"refund": 1, "total": 3000, "currency": "CNY"}}))
		if err != nil {
			f.Fatal(err)
		}
		f.Add(uint8(i), header, body)
	}
	m.handler = m.Handler()
	f.Fuzz(func(t *testing.T, n uint8, header string, body []byte) {
		m.t = t
		text := url.QueryEscape(string(body))
		path, method := paths[int(n)%len(paths)]+"?mchid="+mchID+"&bill_date="+text+"&bill_type="+text+"&token="+text, http.MethodPost
		if n%2 == 1 {
			method = http.MethodGet
		}
		judge := func(got shown) {
			if len(got.body) > 0 && !json.Valid(got.body) || got.status > http.StatusInternalServerError {
				t.Fatalf("%s: %d %s", path, got.status, got.body)
			}
		}
		judge(m.raw(method, path, string(body), nil))
		forged := m.raw(method, path, string(body), func(s *signing) { s.header = header })
		judge(forged)
		if forged.status < http.StatusBadRequest {
			t.Fatalf("%s: a call without signature is answered with %d", path, forged.status)
		}
	})
}
