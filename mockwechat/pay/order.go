package pay

import (
	"net/url"
	"regexp"
	"strings"
	"sync"
	"time"
	"unicode/utf8"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// The states of an order.
const (
	stateUnpaid   = "NOTPAY"
	statePaid     = "SUCCESS"
	stateRefunded = "REFUND"
	stateClosed   = "CLOSED"
)

var stateWords = map[string]string{stateUnpaid: "订单未支付", statePaid: "支付成功", stateRefunded: "订单发生过退款", stateClosed: "订单已关闭"}

// prepayLife is how long a prepay_id can be paid with.
const prepayLife = 2 * time.Hour

// book is what the platform remembers of a merchant: a part of the account's memory.
type book struct {
	mu      sync.Mutex
	orders  map[string]*order // by out_trade_no
	prepaid map[string]*order // by prepay_id
	paid    map[string]*order // by transaction_id
	refunds map[string]*refund
	bills   map[string]ticket // by the token of the download address
}

// open returns the book of an account, locked.
func open(a *platform.Official) *book {
	b := platform.Part[book](a)
	b.mu.Lock()
	if b.orders == nil {
		b.orders, b.prepaid, b.paid, b.refunds = map[string]*order{}, map[string]*order{}, map[string]*order{}, map[string]*refund{}
		b.bills = map[string]ticket{}
	}
	return b
}

// order is one order, as its merchant gave it and as it is now.
type order struct {
	asked       prepay
	state       string
	prepayID    string
	prepaidAt   time.Time
	expire      time.Time // zero: none
	transaction string
	paidAt      time.Time
	refunded    int64 // fen, of all refunds
	refunds     int
}

// stateAt is the state at a time: an order that is not paid in time is closed.
func (o *order) stateAt(now time.Time) string {
	if o.state == stateUnpaid && !o.expire.IsZero() && !now.Before(o.expire) {
		return stateClosed
	}
	return o.state
}

// prepay is the body of a JSAPI order.
type prepay struct {
	AppID       string `json:"appid"`
	MchID       string `json:"mchid"`
	Description string `json:"description"`
	OutTradeNo  string `json:"out_trade_no"`
	TimeExpire  string `json:"time_expire"`
	Attach      string `json:"attach"`
	NotifyURL   string `json:"notify_url"`
	Amount      struct {
		Total    int64  `json:"total"`
		Currency string `json:"currency"`
	} `json:"amount"`
	Payer struct {
		OpenID string `json:"openid"`
	} `json:"payer"`
}

const (
	maxDescription = 127
	maxAttach      = 128
	maxNotifyURL   = 255
	currency       = "CNY"
)

var tradeNo = regexp.MustCompile(`^[0-9A-Za-z_*-]{6,32}$`)

// goodNotifyURL says whether notifications may be sent to an address. The platform wants HTTPS
// on the internet; the mock takes HTTP too, for tests on one machine.
func goodNotifyURL(text string) bool {
	u, err := url.Parse(text)
	return err == nil && (u.Scheme == "http" || u.Scheme == "https") && u.Host != "" && u.RawQuery == "" && len(text) <= maxNotifyURL
}

// foreign says whether an openid is none, or one of another account of the platform.
func (s *Server) foreign(a *platform.Official, openID string) bool {
	if a.Relation(openID) != platform.Foreign {
		return false
	}
	for _, other := range s.p.Accounts() {
		if other.Config.Name != a.Config.Name && other.Relation(openID) != platform.Foreign {
			return true
		}
	}
	return !platform.WellFormed(openID)
}

// servePrepay is POST /v3/pay/transactions/jsapi.
func servePrepay(c *call) answer {
	var q prepay
	if c.breaks("pay-json", !c.decode(&q)) {
		return c.refusal()
	}
	if q.Amount.Currency == "" {
		q.Amount.Currency = currency
	}
	c.line.Trade, c.line.OpenID, c.line.Fen = q.OutTradeNo, q.Payer.OpenID, q.Amount.Total
	expire, err := time.Parse(time.RFC3339, q.TimeExpire)
	if q.TimeExpire == "" {
		expire, err = time.Time{}, nil
	}
	letters := utf8.RuneCountInString
	switch {
	case c.breaks("pay-mchid", q.MchID != c.auth.mchID),
		c.breaks("pay-appid", q.AppID != c.acc.Config.AppID),
		c.breaks("pay-out-trade-no", !tradeNo.MatchString(q.OutTradeNo)),
		c.breaks("pay-description", strings.TrimSpace(q.Description) == "" || letters(q.Description) > maxDescription),
		c.breaks("pay-attach", letters(q.Attach) > maxAttach),
		c.breaks("pay-notify-url", !goodNotifyURL(q.NotifyURL)),
		c.breaks("pay-total", q.Amount.Total <= 0),
		c.breaks("pay-currency", q.Amount.Currency != currency),
		c.breaks("pay-expire", err != nil || (!expire.IsZero() && !expire.After(c.now))),
		c.breaks("pay-openid-none", q.Payer.OpenID == ""),
		c.breaks("pay-openid", q.Payer.OpenID != "" && c.s.foreign(c.acc, q.Payer.OpenID)):
		return c.refusal()
	}
	b := open(c.acc)
	defer b.mu.Unlock()
	o := b.orders[q.OutTradeNo]
	if o != nil {
		state := o.stateAt(c.now)
		if c.breaks("pay-paid", state == statePaid || state == stateRefunded) || c.breaks("pay-closed", state == stateClosed) ||
			c.breaks("pay-changed", o.asked != q) {
			return c.refusal()
		}
	} else {
		o = &order{asked: q, state: stateUnpaid, expire: expire}
		b.orders[q.OutTradeNo] = o
	}
	if o.prepayID == "" || c.now.Sub(o.prepaidAt) >= prepayLife { // the same order again gets a new one
		delete(b.prepaid, o.prepayID)
		o.prepayID, o.prepaidAt = "wx"+c.now.In(zone).Format("20060102150405")+strings.ToLower(c.s.letters(18))+"0000", c.now
		b.prepaid[o.prepayID] = o
	}
	return answer{fields: map[string]string{"prepay_id": o.prepayID}}
}

// show is an order as queries and notifications show it.
func (o *order) show(now time.Time) map[string]any {
	state := o.stateAt(now)
	m := map[string]any{
		"appid": o.asked.AppID, "mchid": o.asked.MchID, "out_trade_no": o.asked.OutTradeNo, "trade_state": state,
		"trade_state_desc": stateWords[state],
		"amount":           map[string]any{"total": o.asked.Amount.Total, "currency": o.asked.Amount.Currency},
	}
	if o.transaction == "" {
		return m
	}
	m["transaction_id"], m["trade_type"], m["bank_type"], m["success_time"] = o.transaction, "JSAPI", "OTHERS", stamp(o.paidAt)
	m["attach"], m["payer"] = o.asked.Attach, map[string]string{"openid": o.asked.Payer.OpenID}
	m["amount"] = map[string]any{
		"total": o.asked.Amount.Total, "payer_total": o.asked.Amount.Total, "currency": currency, "payer_currency": currency,
	}
	return m
}

// serveByTrade is GET /v3/pay/transactions/out-trade-no/{out_trade_no}.
func serveByTrade(c *call) answer {
	c.line.Trade = c.PathValue("out_trade_no")
	return c.query(func(b *book) *order { return b.orders[c.line.Trade] })
}

// serveByTransaction is GET /v3/pay/transactions/id/{transaction_id}.
func serveByTransaction(c *call) answer {
	return c.query(func(b *book) *order { return b.paid[c.PathValue("transaction_id")] })
}

func (c *call) query(find func(*book) *order) answer {
	if c.breaks("pay-mchid", c.URL.Query().Get("mchid") != c.auth.mchID) {
		return c.refusal()
	}
	b := open(c.acc)
	defer b.mu.Unlock()
	o := find(b)
	if c.breaks("pay-order", o == nil) {
		return c.refusal()
	}
	if o == nil {
		return refuse(codeSystem)
	}
	c.line.Trade, c.line.Fen = o.asked.OutTradeNo, o.asked.Amount.Total
	return answer{fields: o.show(c.now)}
}

// serveClose is POST /v3/pay/transactions/out-trade-no/{out_trade_no}/close. An order that is
// closed can be closed again.
func serveClose(c *call) answer {
	var q struct {
		MchID string `json:"mchid"`
	}
	c.line.Trade = c.PathValue("out_trade_no")
	if c.breaks("pay-json", !c.decode(&q)) || c.breaks("pay-mchid", q.MchID != c.auth.mchID) {
		return c.refusal()
	}
	b := open(c.acc)
	defer b.mu.Unlock()
	o := b.orders[c.line.Trade]
	if c.breaks("pay-order", o == nil) {
		return c.refusal()
	}
	if o == nil {
		return refuse(codeSystem)
	}
	if c.breaks("pay-paid", o.state == statePaid || o.state == stateRefunded) {
		return c.refusal()
	}
	if o.state == stateUnpaid {
		o.state, c.line.Effect = stateClosed, ledger.EffectClosed
	}
	return answer{}
}
