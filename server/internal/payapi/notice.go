package payapi

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strings"

	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
)

// content is what a notification seals: that of a payment or of a refund.
type content struct {
	payments.Transaction
	Mchid        string          `json:"mchid"`
	RefundNo     string          `json:"out_refund_no"`
	RefundStatus string          `json:"refund_status"`
	Amount       json.RawMessage `json:"amount"`
	OutTradeNo   string          `json:"out_trade_no"`
}

// Notified verifies and opens a notification that came for an account. Its errors are ErrSignature,
// ErrSealed, ErrForeign, ErrNoMerchant and ErrAway; after the last one Pay is to tell again. The
// body of the request is read; its caller bounds it.
func (c *Client) Notified(r *http.Request, account string) (Notice, error) {
	m, err := c.merchantOf(r.Context(), account)
	if err != nil {
		return Notice{}, err
	}
	var sealed json.RawMessage
	got, err := m.notices.ParseNotifyRequest(r.Context(), r, &sealed)
	switch {
	case err != nil && got == nil:
		return Notice{}, ErrSignature // the library's words hold the request
	case err != nil:
		return Notice{}, ErrSealed
	}
	n, mchID, appID, err := readContent(got.EventType, sealed)
	if err != nil {
		return Notice{}, fmt.Errorf("%w: %w", ErrSealed, err)
	}
	if mchID != m.MchID || appID != "" && appID != m.AppID {
		return Notice{}, ErrForeign
	}
	n.ID = got.ID
	return n, nil
}

// readContent reads what a notification of an event sealed.
func readContent(event string, text []byte) (n Notice, mchID, appID string, err error) {
	var c content
	if err := json.Unmarshal(text, &c); err != nil {
		return n, "", "", fmt.Errorf("content of a notification: %w", err)
	}
	var amount struct {
		Total  int64 `json:"total"`
		Refund int64 `json:"refund"`
	}
	if len(c.Amount) > 0 {
		if err := json.Unmarshal(c.Amount, &amount); err != nil {
			return n, "", "", fmt.Errorf("amount of a notification: %w", err)
		}
	}
	if strings.HasPrefix(event, "REFUND.") {
		n.Refund, n.RefundState, n.RefundFen, n.RefundOf = c.RefundNo, c.RefundStatus, amount.Refund, c.OutTradeNo
		return n, c.Mchid, "", nil
	}
	n.Payment = Payment{Serial: c.OutTradeNo, State: value(c.TradeState), Transaction: value(c.TransactionId), Fen: amount.Total}
	return n, c.Mchid, value(c.Appid), nil
}
