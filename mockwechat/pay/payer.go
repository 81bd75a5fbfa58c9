package pay

import (
	"errors"
	"strings"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// Sheet is what a page gives the phone (chooseWXPay, WeixinJSBridge): the merchant signs it.
type Sheet struct {
	AppID     string `json:"appId"`
	TimeStamp string `json:"timeStamp"`
	NonceStr  string `json:"nonceStr"`
	Package   string `json:"package"` // prepay_id=…
	SignType  string `json:"signType"`
	PaySign   string `json:"paySign"`
}

// PathPayer is how the ledger names what a payer does.
const PathPayer = "chooseWXPay"

// ErrPayment marks a payment that the phone refuses; the reason is joined to it.
var ErrPayment = errors.New("the phone does not pay")

// The reasons why the phone does not pay.
var (
	errSheetApp   = errors.New("appId: no account with a merchant has it")
	errSheetSign  = errors.New("支付验证签名失败: signType RSA and paySign by the merchant's key are needed")
	errSheetOrder = errors.New("package: no order has this prepay_id, or it is older than two hours")
	errSheetPayer = errors.New("下单账号与支付账号不一致: the order is for another openid")
	errSheetState = errors.New("the order is paid or closed")
)

// Bill is what the payment sheet of a phone shows.
type Bill struct {
	Payee       string `json:"payee"`
	Description string `json:"description"`
	Fen         int64  `json:"fen"`
}

// Look is what a follower is asked to pay, without paying it. The error is the one that
// [Server.Pay] would join to ErrPayment.
func (s *Server) Look(openID string, sheet Sheet) (Bill, error) {
	a, o, unlock, err := s.payable(openID, sheet, &ledger.Call{At: s.p.Now()})
	if err != nil {
		return Bill{}, err
	}
	defer unlock()
	return Bill{Payee: a.Config.Name, Description: o.asked.Description, Fen: o.asked.Amount.Total}, nil
}

// Pay lets a follower pay with what a page has given the phone. The merchant is notified once
// for every element of after, which is how long after the payment, or negative for before Pay
// returns; none: once, at once. The
// error is ErrPayment with what the phone shows, and then nothing has changed; it is in the
// ledger like a payment.
func (s *Server) Pay(openID string, sheet Sheet, after []time.Duration) (transaction string, err error) {
	line := ledger.Call{At: s.p.Now(), Kind: ledger.KindPay, Path: PathPayer, OpenID: openID}
	told, err := s.settle(openID, sheet, &line)
	if err != nil {
		line.Effect, line.Reply = ledger.EffectRefused, err.Error()
	}
	if failed := s.p.Record(&line); failed != nil {
		return "", failed
	}
	if err != nil {
		return "", errors.Join(ErrPayment, err)
	}
	if len(after) == 0 {
		after = []time.Duration{0}
	}
	s.notify(told, after...)
	return line.MsgID, nil
}

// settle pays an order.
func (s *Server) settle(openID string, sheet Sheet, line *ledger.Call) (notice, error) {
	a, o, unlock, err := s.payable(openID, sheet, line)
	if err != nil {
		return notice{}, err
	}
	defer unlock()
	b := platform.Part[book](a)
	o.state, o.transaction, o.paidAt = statePaid, "42000"+s.digits(23), line.At
	b.paid[o.transaction] = o
	line.Effect, line.MsgID = ledger.EffectPaid, o.transaction
	return notice{
		to: a, url: o.asked.NotifyURL, event: "TRANSACTION.SUCCESS", kind: "transaction", summary: "支付成功", content: o.show(line.At),
		trade: o.asked.OutTradeNo, fen: o.asked.Amount.Total,
	}, nil
}

// payable finds the order of a sheet that a follower can pay now, and notes it in the line. The
// caller calls unlock when there is no error.
func (s *Server) payable(openID string, sheet Sheet, line *ledger.Call) (a *platform.Official, o *order, unlock func(), err error) {
	a = s.p.OfApp(sheet.AppID)
	if a == nil || a.Config.Pay.MchID == "" {
		return nil, nil, nil, errSheetApp
	}
	line.Account = a.Config.Name
	_, key, err := a.Config.Pay.Key()
	signed := strings.Join([]string{sheet.AppID, sheet.TimeStamp, sheet.NonceStr, sheet.Package}, "\n") + "\n"
	if err != nil || sheet.SignType != "RSA" || !verify(key, signed, decodeSignature(sheet.PaySign)) {
		return nil, nil, nil, errSheetSign
	}
	id, _ := strings.CutPrefix(sheet.Package, "prepay_id=")
	b := open(a)
	o = b.prepaid[id]
	switch {
	case o == nil || line.At.Sub(o.prepaidAt) >= prepayLife:
		err = errSheetOrder
	case o.asked.Payer.OpenID != openID:
		err = errSheetPayer
	case o.stateAt(line.At) != stateUnpaid:
		err = errSheetState
	}
	if o != nil {
		line.Trade, line.Fen = o.asked.OutTradeNo, o.asked.Amount.Total
	}
	if err != nil {
		b.mu.Unlock()
		return nil, nil, nil, err
	}
	return a, o, b.mu.Unlock, nil
}
