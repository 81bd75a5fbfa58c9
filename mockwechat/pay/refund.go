package pay

import (
	"regexp"
	"time"

	"oalab/mockwechat/ledger"
)

// refund is one refund. The platform works it off at once: its first answer says PROCESSING,
// every later one SUCCESS.
type refund struct {
	order  *order
	id     string
	number string // out_refund_no
	fen    int64
	at     time.Time
}

// maxRefunds of one order.
const maxRefunds = 50

var refundNo = regexp.MustCompile(`^[0-9A-Za-z_|*@-]{1,64}$`)

// The states of a refund.
const (
	refundProcessing = "PROCESSING"
	refundSuccess    = "SUCCESS"
)

// serveRefund is POST /v3/refund/domestic/refunds. The same request again is the same refund.
func serveRefund(c *call) answer {
	var q struct {
		TransactionID string `json:"transaction_id"`
		OutTradeNo    string `json:"out_trade_no"`
		OutRefundNo   string `json:"out_refund_no"`
		NotifyURL     string `json:"notify_url"`
		Amount        struct {
			Refund   int64  `json:"refund"`
			Total    int64  `json:"total"`
			Currency string `json:"currency"`
		} `json:"amount"`
	}
	if c.breaks("pay-json", !c.decode(&q)) {
		return c.refusal()
	}
	c.line.Trade, c.line.Refund, c.line.Fen = q.OutTradeNo, q.OutRefundNo, q.Amount.Refund
	switch {
	case c.breaks("pay-refund-no", !refundNo.MatchString(q.OutRefundNo)),
		c.breaks("pay-refund-which", (q.TransactionID == "") == (q.OutTradeNo == "")),
		c.breaks("pay-refund-amount", q.Amount.Refund <= 0),
		c.breaks("pay-currency", q.Amount.Currency != currency),
		c.breaks("pay-notify-url", q.NotifyURL != "" && !goodNotifyURL(q.NotifyURL)):
		return c.refusal()
	}
	b := open(c.acc)
	defer b.mu.Unlock()
	o := b.orders[q.OutTradeNo]
	if q.OutTradeNo == "" {
		o = b.paid[q.TransactionID]
	}
	if c.breaks("pay-refund-order", o == nil) {
		return c.refusal()
	}
	if o == nil {
		return refuse(codeSystem)
	}
	c.line.Trade, c.line.OpenID = o.asked.OutTradeNo, o.asked.Payer.OpenID
	if old := b.refunds[q.OutRefundNo]; old != nil {
		if c.breaks("pay-refund-changed", old.order != o || old.fen != q.Amount.Refund || q.Amount.Total != o.asked.Amount.Total) {
			return c.refusal()
		}
		c.line.Effect = ledger.EffectRepeated
		return answer{fields: old.show(refundSuccess)}
	}
	switch {
	case c.breaks("pay-refund-unpaid", o.transaction == ""),
		c.breaks("pay-refund-total", q.Amount.Total != o.asked.Amount.Total),
		c.breaks("pay-refund-count", o.refunds >= maxRefunds),
		c.breaks("pay-refund-sum", q.Amount.Refund > o.asked.Amount.Total-o.refunded):
		return c.refusal()
	}
	r := &refund{order: o, id: "5" + c.s.digits(28), number: q.OutRefundNo, fen: q.Amount.Refund, at: c.now}
	b.refunds[r.number] = r
	o.state, o.refunded, o.refunds = stateRefunded, o.refunded+r.fen, o.refunds+1
	c.line.Effect = ledger.EffectRefunded
	if q.NotifyURL != "" {
		c.s.notify(notice{
			to: c.acc, url: q.NotifyURL, event: "REFUND.SUCCESS", kind: "refund", summary: "退款成功", content: r.notification(),
			trade: o.asked.OutTradeNo, refund: r.number, fen: r.fen,
		}, 0)
	}
	return answer{fields: r.show(refundProcessing)}
}

const receivedAccount = "支付用户零钱"

func (r *refund) show(status string) map[string]any {
	total := r.order.asked.Amount.Total
	m := map[string]any{
		"refund_id": r.id, "out_refund_no": r.number, "transaction_id": r.order.transaction, "out_trade_no": r.order.asked.OutTradeNo,
		"channel": "ORIGINAL", "user_received_account": receivedAccount, "create_time": stamp(r.at), "status": status, "funds_account": "AVAILABLE",
		"amount": map[string]any{
			"total": total, "refund": r.fen, "payer_total": total, "payer_refund": r.fen, "settlement_refund": r.fen, "settlement_total": total,
			"discount_refund": 0, "currency": currency,
		},
	}
	if status == refundSuccess {
		m["success_time"] = stamp(r.at)
	}
	return m
}

// notification is a refund as its notification shows it.
func (r *refund) notification() map[string]any {
	total := r.order.asked.Amount.Total
	return map[string]any{
		"mchid": r.order.asked.MchID, "out_trade_no": r.order.asked.OutTradeNo, "transaction_id": r.order.transaction,
		"out_refund_no": r.number, "refund_id": r.id, "refund_status": refundSuccess, "success_time": stamp(r.at),
		"user_received_account": receivedAccount,
		"amount":                map[string]any{"total": total, "refund": r.fen, "payer_total": total, "payer_refund": r.fen},
	}
}

// serveRefundQuery is GET /v3/refund/domestic/refunds/{out_refund_no}.
func serveRefundQuery(c *call) answer {
	c.line.Refund = c.PathValue("out_refund_no")
	b := open(c.acc)
	defer b.mu.Unlock()
	r := b.refunds[c.line.Refund]
	if c.breaks("pay-refund", r == nil) {
		return c.refusal()
	}
	if r == nil {
		return refuse(codeSystem)
	}
	c.line.Trade, c.line.Fen = r.order.asked.OutTradeNo, r.fen
	return answer{fields: r.show(refundSuccess)}
}
