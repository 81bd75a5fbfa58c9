package payapi

import (
	"context"
	"fmt"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/jsapi"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
)

// Error is a refusal of Pay.
type Error struct {
	Status        int
	Code, Message string
}

// Error says what Pay said.
func (e *Error) Error() string {
	return fmt.Sprintf("pay answers %d %s %s", e.Status, e.Code, e.Message)
}

const currency = "CNY"

// failed is the error of a call; what names it.
func failed(what string, err error) error {
	switch {
	case core.IsAPIError(err, "ORDER_NOT_EXIST"), core.IsAPIError(err, "ORDERNOTEXIST"):
		err = ErrNoPayment
	case core.IsAPIError(err, "ORDERPAID"), core.IsAPIError(err, "ORDER_CLOSED"), core.IsAPIError(err, "ORDERCLOSED"):
		err = ErrOver
	}
	return fmt.Errorf("%s: %w", what, plain(err))
}

// Prepay makes an order, and what the follower's phone needs to pay it. The same order again is the
// same payment. ErrOver when it cannot be paid any more.
func (c *Client) Prepay(ctx context.Context, account string, o Order) (Sheet, error) {
	m, err := c.merchantOf(ctx, account)
	if err != nil {
		return Sheet{}, err
	}
	got, _, err := m.orders.PrepayWithRequestPayment(ctx, jsapi.PrepayRequest{
		Appid: &m.AppID, Mchid: &m.MchID, Description: &o.Text, OutTradeNo: &o.Serial, NotifyUrl: &o.NotifyURL, TimeExpire: &o.Expires,
		Amount: &jsapi.Amount{Total: &o.Fen, Currency: new(currency)}, Payer: &jsapi.Payer{Openid: &o.OpenID},
	})
	if err != nil {
		return Sheet{}, failed("prepay", err)
	}
	return Sheet{
		AppID: *got.Appid, TimeStamp: *got.TimeStamp, NonceStr: *got.NonceStr, Package: *got.Package, SignType: *got.SignType, PaySign: *got.PaySign,
	}, nil
}

// Query asks what became of an order, or returns ErrNoPayment.
func (c *Client) Query(ctx context.Context, account, serial string) (Payment, error) {
	m, err := c.merchantOf(ctx, account)
	if err != nil {
		return Payment{}, err
	}
	got, _, err := m.orders.QueryOrderByOutTradeNo(ctx, jsapi.QueryOrderByOutTradeNoRequest{OutTradeNo: &serial, Mchid: &m.MchID})
	if err != nil {
		return Payment{}, failed("query a payment", err)
	}
	return payment(got), nil
}

func payment(t *payments.Transaction) Payment {
	p := Payment{Serial: value(t.OutTradeNo), State: value(t.TradeState), Transaction: value(t.TransactionId)}
	if t.Amount != nil {
		p.Fen = value(t.Amount.Total)
	}
	return p
}

// value is what an optional field holds.
func value[T any](field *T) (v T) {
	if field != nil {
		v = *field
	}
	return v
}

// CloseOrder ends an order that was not paid. ErrOver when it was; ErrNoPayment when Pay has none.
func (c *Client) CloseOrder(ctx context.Context, account, serial string) error {
	m, err := c.merchantOf(ctx, account)
	if err != nil {
		return err
	}
	if _, err := m.orders.CloseOrder(ctx, jsapi.CloseOrderRequest{OutTradeNo: &serial, Mchid: &m.MchID}); err != nil {
		return failed("close a payment", err)
	}
	return nil
}

// Refund gives money back, and returns the state of the refund. The same refund again is the same.
func (c *Client) Refund(ctx context.Context, account string, r Refund) (state string, err error) {
	m, err := c.merchantOf(ctx, account)
	if err != nil {
		return "", err
	}
	got, _, err := m.refunds.Create(ctx, refunddomestic.CreateRequest{
		OutTradeNo: &r.Serial, OutRefundNo: &r.Number, Reason: &r.Why, NotifyUrl: &r.NotifyURL,
		Amount: &refunddomestic.AmountReq{Refund: &r.Fen, Total: &r.Total, Currency: new(currency)},
	})
	if err != nil {
		return "", failed("refund", err)
	}
	return string(value(got.Status)), nil
}
