package pay

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"oalab/mockwechat/platform"
)

// The types of a trade bill, and the account of a fund-flow bill that the mock has.
const (
	billAll      = "ALL"
	billPaid     = "SUCCESS"
	billRefunds  = "REFUND"
	accountBasic = "BASIC"
)

// column is one column of a trade bill.
type column struct {
	name  string
	types string // of the bills that have it; empty: all
	value func(m moved, a platform.Account) string
}

const (
	withRefunds = billAll + " " + billRefunds
	dayTime     = "2006-01-02 15:04:05"
)

func fixed(text string) func(moved, platform.Account) string {
	return func(moved, platform.Account) string { return text }
}

// ofRefund is a value that a payment does not have; of that it is none.
func ofRefund(none string, value func(*refund) string) func(moved, platform.Account) string {
	return func(m moved, _ platform.Account) string {
		if m.refund == nil {
			return none
		}
		return value(m.refund)
	}
}

// ofPayment is an amount that the line of a refund has no part of.
func ofPayment(m moved, _ platform.Account) string {
	if m.refund != nil {
		return yuan(0)
	}
	return yuan(m.order.asked.Amount.Total)
}

// columns of a trade bill, in their order; the mock takes no fees.
var columns = []column{
	{name: "交易时间", value: func(m moved, _ platform.Account) string { return stampBill(m.order.paidAt) }},
	{name: "公众账号ID", value: func(_ moved, a platform.Account) string { return a.AppID }},
	{name: "商户号", value: func(_ moved, a platform.Account) string { return a.Pay.MchID }},
	{name: "特约商户号", value: fixed("0")},
	{name: "设备号", value: fixed("")},
	{name: "微信订单号", value: func(m moved, _ platform.Account) string { return m.order.transaction }},
	{name: "商户订单号", value: func(m moved, _ platform.Account) string { return m.order.asked.OutTradeNo }},
	{name: "用户标识", value: func(m moved, _ platform.Account) string { return m.order.asked.Payer.OpenID }},
	{name: "交易类型", value: fixed("JSAPI")},
	{name: "交易状态", value: func(m moved, _ platform.Account) string {
		if m.refund != nil {
			return stateRefunded
		}
		return statePaid
	}},
	{name: "付款银行", value: fixed("OTHERS")},
	{name: "货币种类", value: fixed(currency)},
	{name: "应结订单金额", value: ofPayment},
	{name: "代金券金额", value: fixed(yuan(0))},
	{name: "退款申请时间", types: billRefunds, value: ofRefund("", func(r *refund) string { return stampBill(r.at) })},
	{name: "退款成功时间", types: billRefunds, value: ofRefund("", func(r *refund) string { return stampBill(r.at) })},
	{name: "微信退款单号", types: withRefunds, value: ofRefund("0", func(r *refund) string { return r.id })},
	{name: "商户退款单号", types: withRefunds, value: ofRefund("0", func(r *refund) string { return r.number })},
	{name: "退款金额", types: withRefunds, value: ofRefund(yuan(0), func(r *refund) string { return yuan(r.fen) })},
	{name: "充值券退款金额", types: withRefunds, value: fixed(yuan(0))},
	{name: "退款类型", types: withRefunds, value: ofRefund("", func(*refund) string { return "ORIGINAL" })},
	{name: "退款状态", types: withRefunds, value: ofRefund("", func(*refund) string { return refundSuccess })},
	{name: "商品名称", value: func(m moved, _ platform.Account) string { return m.order.asked.Description }},
	{name: "商户数据包", value: func(m moved, _ platform.Account) string { return m.order.asked.Attach }},
	{name: "手续费", value: fixed("0.00000")},
	{name: "费率", value: fixed("0.00%")},
	{name: "订单金额", value: ofPayment},
	{name: "申请退款金额", types: withRefunds, value: ofRefund(yuan(0), func(r *refund) string { return yuan(r.fen) })},
	{name: "费率备注", value: fixed("")},
}

// tradeBill writes the bill of a day's payments, of its refunds, or of both; nil: there were none.
func tradeBill(entries []moved, a platform.Account, kind string) []byte {
	entries = slices.DeleteFunc(entries, func(m moved) bool {
		return (kind == billPaid && m.refund != nil) || (kind == billRefunds && m.refund == nil)
	})
	if len(entries) == 0 {
		return nil
	}
	shown := slices.DeleteFunc(slices.Clone(columns), func(c column) bool {
		return c.types != "" && !slices.Contains(strings.Fields(c.types), kind)
	})
	var b table
	for _, c := range shown {
		b.head(c.name)
	}
	var paid, back int64
	for _, m := range entries {
		b.end()
		for _, c := range shown {
			b.field(c.value(m, a))
		}
		if m.refund != nil {
			back += m.refund.fen
		} else {
			paid += m.order.asked.Amount.Total
		}
	}
	b.end()
	b.head("总交易单数", "应结订单总金额", "退款总金额", "充值券退款总金额", "手续费总金额", "订单总金额", "申请退款总金额")
	b.end()
	b.field(strconv.Itoa(len(entries)), yuan(paid), yuan(back), yuan(0), "0.00000", yuan(paid), yuan(back))
	b.end()
	return []byte(b.String())
}

// fundBill writes the bill of what moved on the merchant's account on a day; nil: nothing did. It
// gets all entries, because each line shows the balance.
func fundBill(entries []moved, mchID string, day time.Time) []byte {
	var b table
	b.head("记账时间", "微信支付业务单号", "资金流水单号", "业务名称", "业务类型", "收支类型", "收支金额(元)", "账户结余(元)", "资金变更提交申请人", "备注", "业务凭证号")
	var balance, in, out int64
	ins, outs := 0, 0
	for _, m := range entries {
		fen := m.order.asked.Amount.Total
		if m.refund != nil {
			fen = -m.refund.fen
		}
		balance += fen
		switch {
		case !m.on(day):
		case m.refund == nil:
			ins, in = ins+1, in+fen
			b.end()
			b.field(stampBill(m.at), m.id(), m.order.transaction, "交易", "交易", "收入", yuan(fen), yuan(balance), "system", "", m.order.asked.OutTradeNo)
		default:
			outs, out = outs+1, out-fen
			b.end()
			b.field(stampBill(m.at), m.id(), m.order.transaction, "退款", "退款", "支出", yuan(-fen), yuan(balance), mchID+"API",
				"退款总金额"+yuan(-fen)+"元;含手续费0.00元", m.refund.number)
		}
	}
	if ins+outs == 0 {
		return nil
	}
	b.end()
	b.head("资金流水总笔数", "收入笔数", "收入金额", "支出笔数", "支出金额")
	b.end()
	b.field(strconv.Itoa(ins+outs), strconv.Itoa(ins), yuan(in), strconv.Itoa(outs), yuan(out))
	b.end()
	return []byte(b.String())
}

func stampBill(t time.Time) string { return t.In(zone).Format(dayTime) }

// yuan writes fen.
func yuan(fen int64) string {
	sign := ""
	if fen < 0 {
		sign, fen = "-", -fen
	}
	return fmt.Sprintf("%s%d.%02d", sign, fen/100, fen%100)
}

// table is a bill in the making: lines of fields, each behind a back quote, and of heads.
type table struct {
	strings.Builder
	inLine bool
}

// noBreaks keeps a merchant's text in its field.
var noBreaks = strings.NewReplacer(",", " ", "\r", " ", "\n", " ")

func (t *table) next(text string) {
	if t.inLine {
		t.WriteByte(',')
	}
	t.inLine = true
	t.WriteString(text)
}

func (t *table) head(names ...string) {
	for _, name := range names {
		t.next(name)
	}
}

func (t *table) field(values ...string) {
	for _, v := range values {
		t.next("`" + noBreaks.Replace(v))
	}
}

func (t *table) end() {
	t.inLine = false
	t.WriteString("\r\n")
}
