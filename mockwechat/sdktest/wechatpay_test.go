package sdktest

import (
	"compress/gzip"
	"context"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/downloader"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/certificates"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/jsapi"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

const (
	merchantID = "1900000001"
	merchantV3 = "0123456789abcdef0123456789ABCDEF"
)

// merchant is the merchant of the account: its key, its certificate in PEM and the number of it.
type merchant struct {
	key    *rsa.PrivateKey
	cert   string
	serial string
}

func newMerchant(t *testing.T) merchant {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(0x5157E57), Subject: pkix.Name{CommonName: merchantID},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return merchant{key, string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})), utils.GetCertificateSerialNumber(*cert)}
}

// wechatpay is the official library, as its README writes it, with a transport of the test's.
type wechatpay struct {
	t      *testing.T
	m      *mock
	client *core.Client
	bare   *core.Client // that takes answers without a signature
	mgr    *downloader.CertificateDownloaderMgr
	told   chan *notify.Request
	order  payments.Transaction // of the last notification about a payment
	refund map[string]any       // of the last one about a refund
}

func newWechatpay(t *testing.T, m *mock) *wechatpay {
	t.Helper()
	ctx := t.Context()
	seller := m.merchant
	p := &wechatpay{t: t, m: m, mgr: downloader.NewCertificateDownloaderMgr(ctx), told: make(chan *notify.Request, 8)}
	t.Cleanup(p.mgr.Stop)
	bare, err := core.NewClient(ctx, option.WithMerchantCredential(merchantID, seller.serial, seller.key), option.WithoutValidator())
	if err != nil {
		t.Fatal(err)
	}
	if err := p.mgr.RegisterDownloaderWithClient(ctx, bare, merchantID, merchantV3); err != nil {
		t.Fatal(err)
	}
	p.bare = bare
	p.client, err = core.NewClient(ctx, option.WithWechatPayAutoAuthCipherUsingDownloaderMgr(merchantID, seller.serial, seller.key, p.mgr))
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// handler takes notifications as the library does.
func (p *wechatpay) handler() http.Handler {
	verifier := verifiers.NewSHA256WithRSAVerifier(p.mgr.GetCertificateVisitor(merchantID))
	h, err := notify.NewRSANotifyHandler(merchantV3, verifier)
	if err != nil {
		p.t.Fatal(err)
	}
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		var content json.RawMessage
		got, err := h.ParseNotifyRequest(r.Context(), r, &content)
		if err == nil && got.EventType == "TRANSACTION.SUCCESS" {
			err = json.Unmarshal(content, &p.order)
		} else if err == nil {
			err = json.Unmarshal(content, &p.refund)
		}
		if err != nil {
			p.t.Errorf("notification: %v", err)
			http.Error(w, `{"code":"FAIL","message":"签名错误"}`, http.StatusBadRequest)
			return
		}
		w.WriteHeader(http.StatusNoContent)
		p.told <- got
	})
}

func (p *wechatpay) wait(event string) error {
	select {
	case got := <-p.told:
		return want(got.EventType == event, got)
	case <-time.After(10 * time.Second):
		return errors.New("the merchant was told nothing")
	}
}

// wechatpaySteps are all calls of the JSAPI way, refunds and certificates.
func wechatpaySteps(t *testing.T, m *mock) []step {
	ctx := context.Background()
	p := newWechatpay(t, m)
	m.handler = p.handler()
	orders := jsapi.JsapiApiService{Client: p.client}
	refunds := refunddomestic.RefundsApiService{Client: p.client}
	fan := m.followers(1)[0]
	number, transaction := "SDK0000001", ""
	query := jsapi.QueryOrderByOutTradeNoRequest{OutTradeNo: &number, Mchid: core.String(merchantID)}
	request := func(number string) jsapi.PrepayRequest {
		return jsapi.PrepayRequest{
			Appid: core.String(appID), Mchid: core.String(merchantID), Description: core.String("话费充值30元"), OutTradeNo: core.String(number),
			Attach: core.String("手机"), NotifyUrl: core.String(m.callback.URL + "/pay"), TimeExpire: core.Time(time.Now().Add(time.Hour)),
			Amount: &jsapi.Amount{Total: core.Int64(3000), Currency: core.String("CNY")}, Payer: &jsapi.Payer{Openid: &fan},
		}
	}
	refused := func(err error, code string) error {
		return want(core.IsAPIError(err, code), err)
	}
	return []step{
		{"/v3/certificates", func() error {
			got, _, err := (&certificates.CertificatesApiService{Client: p.client}).DownloadCertificates(ctx)
			if err != nil {
				return err
			}
			text, err := utils.DecryptAES256GCM(merchantV3, *got.Data[0].EncryptCertificate.AssociatedData, *got.Data[0].EncryptCertificate.Nonce, *got.Data[0].EncryptCertificate.Ciphertext)
			if err != nil {
				return err
			}
			cert, err := utils.LoadCertificate(text)
			if err != nil {
				return err
			}
			return want(utils.IsCertificateValid(*cert, time.Now()) && utils.GetCertificateSerialNumber(*cert) == *got.Data[0].SerialNo, got)
		}},
		{"/v3/pay/transactions/jsapi", func() error {
			sheet, _, err := orders.PrepayWithRequestPayment(ctx, request(number))
			if err != nil {
				return err
			}
			var paid struct {
				ID string `json:"transaction_id"`
			}
			body := map[string]any{"openid": fan, "sheet": map[string]any{
				"appId": sheet.Appid, "timeStamp": sheet.TimeStamp, "nonceStr": sheet.NonceStr, "package": sheet.Package, "signType": sheet.SignType, "paySign": sheet.PaySign,
			}}
			if err := json.Unmarshal(m.ask(http.MethodPost, "/control/pay", body), &paid); err != nil {
				return err
			}
			transaction = paid.ID
			if err := p.wait("TRANSACTION.SUCCESS"); err != nil {
				return err
			}
			return want(*p.order.TransactionId == transaction && *p.order.OutTradeNo == number && *p.order.Amount.Total == 3000 && *p.order.Payer.Openid == fan, p.order)
		}},
		{"/v3/pay/transactions/out-trade-no/{out_trade_no}", func() error {
			got, _, err := orders.QueryOrderByOutTradeNo(ctx, query)
			if err != nil {
				return err
			}
			return want(*got.TradeState == "SUCCESS" && *got.TransactionId == transaction && *got.Attach == "手机", got)
		}},
		{"/v3/pay/transactions/id/{transaction_id}", func() error {
			got, _, err := orders.QueryOrderById(ctx, jsapi.QueryOrderByIdRequest{TransactionId: &transaction, Mchid: core.String(merchantID)})
			if err != nil {
				return err
			}
			return want(*got.OutTradeNo == number && *got.SuccessTime == *p.order.SuccessTime, got)
		}},
		{"/v3/refund/domestic/refunds", func() error {
			got, _, err := refunds.Create(ctx, refunddomestic.CreateRequest{
				OutTradeNo: &number, OutRefundNo: core.String("SDKREFUND1"), Reason: core.String("充值失败"), NotifyUrl: core.String(m.callback.URL + "/pay"),
				Amount: &refunddomestic.AmountReq{Refund: core.Int64(1000), Total: core.Int64(3000), Currency: core.String("CNY")},
			})
			if err != nil {
				return err
			}
			if err := p.wait("REFUND.SUCCESS"); err != nil {
				return err
			}
			return want(*got.Status == refunddomestic.STATUS_PROCESSING && p.refund["refund_id"] == *got.RefundId && *got.Amount.PayerRefund == 1000, got)
		}},
		{"/v3/refund/domestic/refunds/{out_refund_no}", func() error {
			got, _, err := refunds.QueryByOutRefundNo(ctx, refunddomestic.QueryByOutRefundNoRequest{OutRefundNo: core.String("SDKREFUND1")})
			if err != nil {
				return err
			}
			return want(*got.Status == refunddomestic.STATUS_SUCCESS && got.SuccessTime != nil && *got.TransactionId == transaction, got)
		}},
		{"/v3/bill/tradebill", func() error {
			got, err := p.bill(ctx, "/v3/bill/tradebill?bill_type=ALL")
			return errors.Join(err, want(strings.Contains(got, "`"+transaction+","), got))
		}},
		{"/v3/bill/fundflowbill", func() error {
			got, err := p.bill(ctx, "/v3/bill/fundflowbill?account_type=BASIC")
			return errors.Join(err, want(strings.Contains(got, ",`20.00,"), got))
		}},
		{"/v3/billdownload/file", func() error {
			got, err := p.bill(ctx, "/v3/bill/tradebill?bill_type=REFUND&tar_type=GZIP")
			return errors.Join(err, want(strings.Contains(got, "`SDKREFUND1,"), got))
		}},
		{"/v3/pay/transactions/out-trade-no/{out_trade_no}/close", func() error {
			closed := "SDK0000002"
			if _, _, err := orders.Prepay(ctx, request(closed)); err != nil {
				return err
			}
			if _, err := orders.CloseOrder(ctx, jsapi.CloseOrderRequest{OutTradeNo: &closed, Mchid: core.String(merchantID)}); err != nil {
				return err
			}
			if _, _, err := orders.Prepay(ctx, request(closed)); refused(err, "ORDER_CLOSED") != nil {
				return fmt.Errorf("closed order: %w", err)
			}
			if _, err := orders.CloseOrder(ctx, jsapi.CloseOrderRequest{OutTradeNo: &number, Mchid: core.String(merchantID)}); refused(err, "ORDERPAID") != nil {
				return fmt.Errorf("paid order: %w", err)
			}
			return nil
		}},
	}
}

// bill is today's bill, as the library's FAQ fetches it: the address with a verified answer, the
// file without, and its digest compared.
func (p *wechatpay) bill(ctx context.Context, path string) (string, error) {
	result, err := p.client.Get(ctx, "https://api.mch.weixin.qq.com"+path+"&bill_date="+time.Now().In(time.FixedZone("CST", 8*3600)).Format(time.DateOnly))
	if err != nil {
		return "", err
	}
	var offer struct {
		Hash string `json:"hash_value"`
		URL  string `json:"download_url"`
	}
	if err := core.UnMarshalResponse(result.Response, &offer); err != nil {
		return "", err
	}
	file, err := p.bare.Get(ctx, offer.URL)
	if err != nil {
		return "", err
	}
	defer func() { _ = file.Response.Body.Close() }()
	var content io.Reader = file.Response.Body
	if strings.Contains(path, "GZIP") {
		if content, err = gzip.NewReader(file.Response.Body); err != nil {
			return "", err
		}
	}
	b, err := io.ReadAll(content)
	sum := sha1.Sum(b)
	return string(b), errors.Join(err, want(hex.EncodeToString(sum[:]) == offer.Hash, offer))
}

// TestWechatPay drives what the table of TestSDKs does not: the library follows a change of the
// platform's certificate, and takes no notification that the platform has not signed.
func TestWechatPay(t *testing.T) {
	m := start(t)
	p := newWechatpay(t, m)
	rotate := func(step string) {
		t.Helper()
		m.ask(http.MethodPost, "/control/pay/certificate", map[string]string{"step": step})
	}
	unknown := func() error {
		number := "NOTHING"
		_, _, err := (&jsapi.JsapiApiService{Client: p.client}).QueryOrderByOutTradeNo(t.Context(), jsapi.QueryOrderByOutTradeNoRequest{OutTradeNo: &number, Mchid: core.String(merchantID)})
		return err
	}
	list := func() error {
		_, _, err := (&certificates.CertificatesApiService{Client: p.client}).DownloadCertificates(t.Context())
		return err
	}
	if err := unknown(); !core.IsAPIError(err, "ORDER_NOT_EXIST") {
		t.Errorf("query: %v", err)
	}
	rotate("add")
	p.mgr.DownloadCertificates(t.Context())
	rotate("use")
	if err := list(); err != nil {
		t.Errorf("after the change: %v", err)
	}
	rotate("drop")
	rotate("add")
	rotate("use")
	if err := list(); err == nil {
		t.Error("the library believes a certificate that it has not fetched")
	}
	if err := p.forged(t); err == nil || !strings.Contains(err.Error(), "verify signature") {
		t.Errorf("a notification that the platform has not signed: %v", err)
	}
}

// forged is what the library says of a notification that another key has signed.
func (p *wechatpay) forged(t *testing.T) error {
	t.Helper()
	verifier := verifiers.NewSHA256WithRSAVerifier(p.mgr.GetCertificateVisitor(merchantID))
	h, err := notify.NewRSANotifyHandler(merchantV3, verifier)
	if err != nil {
		t.Fatal(err)
	}
	const body = `{"id":"1","event_type":"TRANSACTION.SUCCESS","resource":{"algorithm":"AEAD_AES_256_GCM"}}`
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, "http://a/", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	at := fmt.Sprint(time.Now().Unix())
	signature, err := utils.SignSHA256WithRSA(at+"\nn\n"+body+"\n", p.m.merchant.key)
	if err != nil {
		t.Fatal(err)
	}
	for serial := range p.mgr.GetCertificateMap(t.Context(), merchantID) {
		r.Header.Set("Wechatpay-Serial", serial)
	}
	r.Header.Set("Wechatpay-Timestamp", at)
	r.Header.Set("Wechatpay-Nonce", "n")
	r.Header.Set("Wechatpay-Signature", signature)
	var content any
	_, err = h.ParseNotifyRequest(t.Context(), r, &content)
	return err
}
