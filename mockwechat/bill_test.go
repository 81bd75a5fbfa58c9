package mockwechat

import (
	"bytes"
	"compress/gzip"
	"crypto/sha1"
	"encoding/hex"
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"oalab/mockwechat/ledger"
)

const (
	pathTradeBill = "/v3/bill/tradebill"
	pathFundBill  = "/v3/bill/fundflowbill"
)

// download asks for a bill and fetches it. Its digest must be that of the bill before it is packed.
func (t *till) download(path string) string {
	t.t.Helper()
	m := t.must(http.StatusOK, http.MethodGet, path, nil)
	u, err := url.Parse(text(t.t, m, "download_url"))
	if err != nil || "http://"+u.Host != t.base {
		t.t.Fatalf("address %v, %v", m, err)
	}
	got := t.raw(http.MethodGet, u.RequestURI(), nil, nil)
	content := got.body
	if strings.Contains(path, "tar_type=GZIP") {
		r, err := gzip.NewReader(bytes.NewReader(content))
		if err != nil {
			t.t.Fatal(err)
		}
		if content, err = io.ReadAll(r); err != nil {
			t.t.Fatal(err)
		}
	}
	sum := sha1.Sum(content)
	if got.status != http.StatusOK || got.header.Get("Wechatpay-Signature") != "" || m["hash_type"] != "SHA1" || m["hash_value"] != hex.EncodeToString(sum[:]) {
		t.t.Errorf("%s: %d %s, announced as %v", path, got.status, content, m)
	}
	return string(content)
}

// rows are the lines of a bill, as maps by the name of the column, and its sums.
func rows(t *testing.T, bill string) (list []map[string]string, sums map[string]string) {
	t.Helper()
	lines := strings.Split(strings.TrimSuffix(bill, "\r\n"), "\r\n")
	if len(lines) < 4 {
		t.Fatalf("bill %q", bill)
	}
	read := func(names, values string) map[string]string {
		m := map[string]string{}
		fields := strings.Split(values, ",")
		for i, name := range strings.Split(names, ",") {
			if i >= len(fields) || !strings.HasPrefix(fields[i], "`") {
				t.Fatalf("no field %s in %q", name, values)
			}
			m[name] = fields[i][1:]
		}
		return m
	}
	n := len(lines)
	for _, line := range lines[1 : n-2] {
		list = append(list, read(lines[0], line))
	}
	return list, read(lines[n-2], lines[n-1])
}

// TestBills: the bills of a day have its payments and refunds, to the fen what the ledger says;
// what was refunded later stands in the bill of that day.
func TestBills(t *testing.T) {
	m := newTill(t)
	const today, tomorrow = "2026-11-21", "2026-11-22"
	var trades []string
	for range 2 {
		order, _ := m.paid()
		trades = append(trades, order)
		m.clock.advance(time.Hour)
	}
	m.must(http.StatusOK, http.MethodPost, pathRefund, m.refund("R1", trades[0], 1000))
	m.clock.advance(day)
	m.must(http.StatusOK, http.MethodPost, pathRefund, m.refund("R2", trades[0], 2000))
	m.clock.advance(day)

	all, sums := rows(t, m.download(pathTradeBill+"?bill_date="+today))
	if len(all) != 3 || all[0]["商户订单号"] != trades[0] || all[0]["订单金额"] != "30.00" || all[0]["交易状态"] != "SUCCESS" || all[0]["用户标识"] != fan ||
		all[0]["交易时间"] != "2026-11-21 09:00:00" || all[2]["商户退款单号"] != "R1" || all[2]["退款金额"] != "10.00" || all[2]["订单金额"] != "0.00" {
		t.Errorf("bill of all: %v", all)
	}
	same(t, "sums", map[string]string{
		"总交易单数": "3", "应结订单总金额": "60.00", "退款总金额": "10.00", "充值券退款总金额": "0.00", "手续费总金额": "0.00000", "订单总金额": "60.00", "申请退款总金额": "10.00",
	}, sums)
	paid, _ := rows(t, m.download(pathTradeBill+"?bill_type=SUCCESS&bill_date="+today))
	if _, has := paid[0]["退款金额"]; len(paid) != 2 || has {
		t.Errorf("bill of payments: %v", paid)
	}
	refunds, _ := rows(t, m.download(pathTradeBill+"?bill_type=REFUND&bill_date="+tomorrow+"&tar_type=GZIP"))
	if len(refunds) != 1 || refunds[0]["商户退款单号"] != "R2" || refunds[0]["退款成功时间"] != "2026-11-22 11:00:00" || refunds[0]["交易状态"] != "REFUND" {
		t.Errorf("bill of refunds: %v", refunds)
	}

	funds, sums := rows(t, m.download(pathFundBill+"?account_type=BASIC&bill_date="+today))
	if len(funds) != 3 || funds[2]["收支类型"] != "支出" || funds[2]["账户结余(元)"] != "50.00" || funds[2]["业务凭证号"] != "R1" || funds[0]["收支金额(元)"] != "30.00" {
		t.Errorf("funds: %v", funds)
	}
	same(t, "sums of funds", map[string]string{"资金流水总笔数": "3", "收入笔数": "2", "收入金额": "60.00", "支出笔数": "1", "支出金额": "10.00"}, sums)
	funds, _ = rows(t, m.download(pathFundBill+"?tar_type=GZIP&bill_date="+tomorrow))
	if len(funds) != 1 || funds[0]["账户结余(元)"] != "30.00" {
		t.Errorf("funds of the day after: %v", funds)
	}
	var moved int64
	for _, line := range m.calls() {
		if line.Effect == ledger.EffectPaid {
			moved += line.Fen
		}
		if line.Effect == ledger.EffectRefunded {
			moved -= line.Fen
		}
	}
	if moved != 3000 {
		t.Errorf("the ledger says %d fen, the bill 30.00", moved)
	}
}

// TestAMerchantsTextStaysInItsField: no description makes a field or a line of a bill.
func TestAMerchantsTextStaysInItsField(t *testing.T) {
	m := newTill(t)
	got := m.must(http.StatusOK, http.MethodPost, pathPrepay, m.order(m.number(), obj{"description": "a,`0\r\n`b", "attach": "x,y"}))
	if _, err := m.pays(fan, sheetOf(text(t, got, "prepay_id"), merchantKey().key)); err != nil {
		t.Fatal(err)
	}
	m.told()
	m.clock.advance(2 * day)
	list, sums := rows(t, m.download(pathTradeBill+"?bill_date=2026-11-21"))
	if len(list) != 1 || list[0]["商户数据包"] != "x y" || list[0]["订单金额"] != "30.00" || sums["总交易单数"] != "1" {
		t.Errorf("%v, %v", list, sums)
	}
}
