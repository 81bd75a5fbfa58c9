package sdktest

import (
	"context"
	"crypto/sha1"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/go-pay/gopay"
	"github.com/go-pay/gopay/pkg/xhttp"
	gopayv3 "github.com/go-pay/gopay/wechat/v3"
)

// gopaySteps are the calls of a merchant, bills by calls of their own among them.
func gopaySteps(t *testing.T, m *mock) []step {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(m.merchant.key)
	if err != nil {
		t.Fatal(err)
	}
	client, err := gopayv3.NewClientV3(merchantID, m.merchant.serial, merchantV3, string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})))
	if err != nil {
		t.Fatal(err)
	}
	client.SetHttpClient(xhttp.NewClient().SetTransport(m.secure))
	ctx, number, transaction := context.Background(), "GOPAY00001", ""
	fan := m.followers(1)[0]
	told := make(chan *gopayv3.V3NotifyReq, 8)
	date := time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly)
	bill := func(got *gopayv3.BillRsp, err error, holds string) error {
		if err = said(got != nil && got.Code == gopayv3.Success, got, err); err != nil {
			return err
		}
		b, err := client.V3BillDownLoadBill(ctx, got.Response.DownloadUrl)
		sum := sha1.Sum(b)
		return errors.Join(err, want(hex.EncodeToString(sum[:]) == got.Response.HashValue && strings.Contains(string(b), holds), string(b)))
	}
	order := func(number string) gopay.BodyMap {
		bm := gopay.BodyMap{}
		return bm.Set("appid", appID).Set("mchid", merchantID).Set("description", "话费充值30元").Set("out_trade_no", number).Set("notify_url", m.callback.URL+"/pay").
			SetBodyMap("amount", func(b gopay.BodyMap) { b.Set("total", 3000).Set("currency", "CNY") }).
			SetBodyMap("payer", func(b gopay.BodyMap) { b.Set("openid", fan) })
	}
	return []step{
		{"/v3/certificates", func() error { return client.AutoVerifySign(false) }},
		{"/v3/pay/transactions/jsapi", func() error {
			m.handler = http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				n, err := gopayv3.V3ParseNotify(r)
				if err == nil {
					err = n.VerifySignByPKMap(client.WxPublicKeyMap())
				}
				if err != nil {
					t.Errorf("notification: %v", err)
				}
				told <- n
			})
			got, err := client.V3TransactionJsapi(ctx, order(number))
			if err = said(got != nil && got.Code == gopayv3.Success, got, err); err != nil {
				return err
			}
			sheet, err := client.PaySignOfJSAPI(appID, got.Response.PrepayId)
			if err != nil {
				return err
			}
			m.ask(http.MethodPost, "/control/pay", map[string]any{"openid": fan, "sheet": map[string]any{
				"appId": sheet.AppId, "timeStamp": sheet.TimeStamp, "nonceStr": sheet.NonceStr, "package": sheet.Package, "signType": sheet.SignType, "paySign": sheet.PaySign,
			}})
			select {
			case n := <-told:
				content, err := n.DecryptPayCipherText(merchantV3)
				return errors.Join(err, want(content != nil && content.OutTradeNo == number && content.Amount.Total == 3000, content))
			case <-time.After(10 * time.Second):
				return errors.New("the merchant was told nothing")
			}
		}},
		{"/v3/pay/transactions/out-trade-no/{out_trade_no}", func() error {
			got, err := client.V3TransactionQueryOrder(ctx, gopayv3.OutTradeNo, number)
			if err == nil && got.Code == gopayv3.Success {
				transaction = got.Response.TransactionId
			}
			return said(got != nil && got.Code == gopayv3.Success && got.Response.TradeState == "SUCCESS", got, err)
		}},
		{"/v3/pay/transactions/id/{transaction_id}", func() error {
			got, err := client.V3TransactionQueryOrder(ctx, gopayv3.TransactionId, transaction)
			return said(got != nil && got.Code == gopayv3.Success && got.Response.OutTradeNo == number, got, err)
		}},
		{"/v3/refund/domestic/refunds", func() error {
			bm := gopay.BodyMap{}
			bm.Set("out_trade_no", number).Set("out_refund_no", "GOPAYREFUND1").
				SetBodyMap("amount", func(b gopay.BodyMap) { b.Set("refund", 1000).Set("total", 3000).Set("currency", "CNY") })
			got, err := client.V3Refund(ctx, bm)
			return said(got != nil && got.Code == gopayv3.Success, got, err)
		}},
		{"/v3/refund/domestic/refunds/{out_refund_no}", func() error {
			got, err := client.V3RefundQuery(ctx, "GOPAYREFUND1", nil)
			return said(got != nil && got.Code == gopayv3.Success && got.Response.Status == "SUCCESS", got, err)
		}},
		{"/v3/pay/transactions/out-trade-no/{out_trade_no}/close", func() error {
			if got, err := client.V3TransactionJsapi(ctx, order("GOPAY00002")); err != nil || got.Code != gopayv3.Success {
				return said(false, got, err)
			}
			got, err := client.V3TransactionCloseOrder(ctx, "GOPAY00002")
			return said(got != nil && got.Code == gopayv3.Success, got, err)
		}},
		{"/v3/bill/tradebill", func() error {
			bm := gopay.BodyMap{}
			got, err := client.V3BillTradeBill(ctx, bm.Set("bill_date", date).Set("bill_type", "REFUND"))
			return bill(got, err, "`GOPAYREFUND1,")
		}},
		{"/v3/billdownload/file", func() error {
			bm := gopay.BodyMap{}
			got, err := client.V3BillTradeBill(ctx, bm.Set("bill_date", date).Set("bill_type", "SUCCESS"))
			return bill(got, err, "`"+number+",")
		}},
		{"/v3/bill/fundflowbill", func() error {
			bm := gopay.BodyMap{}
			got, err := client.V3BillFundFlowBill(ctx, bm.Set("bill_date", date).Set("account_type", "BASIC"))
			return bill(got, err, "`GOPAYREFUND1")
		}},
	}
}

// said is the error of a call: the SDK returns refusals without one.
func said(ok bool, answer any, err error) error {
	if err != nil {
		return err
	}
	b, err := json.Marshal(answer)
	return errors.Join(err, want(ok, string(b)))
}
