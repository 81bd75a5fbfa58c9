package payapi

import (
	"bytes"
	"context"
	"crypto/rsa"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"

	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth"
	"github.com/wechatpay-apiv3/wechatpay-go/core/auth/verifiers"
	"github.com/wechatpay-apiv3/wechatpay-go/core/notify"
	"github.com/wechatpay-apiv3/wechatpay-go/core/option"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/jsapi"
	"github.com/wechatpay-apiv3/wechatpay-go/services/refunddomestic"
	"github.com/wechatpay-apiv3/wechatpay-go/utils"
)

// Config of a Client.
type Config struct {
	// Base is the address of Pay, such as https://api.mch.weixin.qq.com.
	Base string
	// Timeout bounds each call; 0 means 5 s.
	Timeout   time.Duration
	Merchants []Merchant
}

// Client asks Pay for the merchants of official accounts. It is safe for concurrent use.
type Client struct {
	transport *http.Transport
	merchants map[string]*merchant // by account
}

// merchant is a Merchant with what the library made of it.
type merchant struct {
	Merchant
	orders  jsapi.JsapiApiService
	refunds refunddomestic.RefundsApiService
	keys    *certificates
	notices *notify.Handler
}

const defaultTimeout = 5 * time.Second

// New makes a client. It makes no call. The error says which merchant is wrong.
func New(cfg Config) (*Client, error) {
	base, err := url.Parse(cfg.Base)
	if err != nil || base.Host == "" {
		return nil, errors.New("payapi: the address of Pay is not absolute")
	}
	if cfg.Timeout <= 0 {
		cfg.Timeout = defaultTimeout
	}
	c := &Client{transport: newTransport(), merchants: make(map[string]*merchant)}
	asked := &http.Client{Transport: there{base, cfg.Timeout, c.transport}}
	for _, m := range cfg.Merchants {
		made, err := newMerchant(m, asked)
		if err != nil {
			return nil, fmt.Errorf("merchant of account %s: %w", m.Account, err)
		}
		c.merchants[m.Account] = made
	}
	return c, nil
}

func newTransport() *http.Transport {
	return &http.Transport{Proxy: http.ProxyFromEnvironment, MaxIdleConnsPerHost: 32, IdleConnTimeout: time.Minute, ForceAttemptHTTP2: true}
}

// Close ends the connections that are idle.
func (c *Client) Close() { c.transport.CloseIdleConnections() }

// there sends the library's calls to the configured address: the library knows one only. It reads
// each answer to its end, as the library closes none.
type there struct {
	base    *url.URL
	timeout time.Duration
	next    http.RoundTripper
}

// maxAnswer is the longest answer of Pay, in bytes.
const maxAnswer = 1 << 20

// RoundTrip implements http.RoundTripper.
func (t there) RoundTrip(r *http.Request) (*http.Response, error) {
	ctx, cancel := context.WithTimeout(r.Context(), t.timeout)
	defer cancel()
	r = r.Clone(ctx)
	r.URL.Scheme, r.URL.Host, r.Host = t.base.Scheme, t.base.Host, t.base.Host
	answer, err := t.next.RoundTrip(r)
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(answer.Body, maxAnswer))
	_ = answer.Body.Close() // all that counts is read
	if err != nil {
		return nil, err
	}
	answer.Body = io.NopCloser(bytes.NewReader(body))
	return answer, nil
}

// ParseKey reads a merchant's private key, in PEM (PKCS 8).
func ParseKey(text string) (*rsa.PrivateKey, error) {
	key, err := utils.LoadPrivateKey(text)
	if err != nil {
		return nil, errors.New("is not a private key of RSA in PEM (PKCS 8)") // the library's words may hold the key
	}
	return key, nil
}

func newMerchant(m Merchant, asked *http.Client) (*merchant, error) {
	key, err := ParseKey(m.PrivateKey)
	if err != nil {
		return nil, fmt.Errorf("private_key %w", err)
	}
	ctx := context.Background() // the library takes one, and keeps none
	credential := option.WithMerchantCredential(m.MchID, m.CertificateSerial, key)
	bare, err := core.NewClient(ctx, credential, option.WithoutValidator(), option.WithHTTPClient(asked))
	if err != nil {
		return nil, err
	}
	made := &merchant{Merchant: m, keys: &certificates{bare: bare, key: m.APIv3Key}}
	verifier := verifiers.NewSHA256WithRSAVerifier(made.keys)
	client, err := core.NewClient(ctx, credential, option.WithVerifier(verifier), option.WithHTTPClient(asked))
	if err != nil {
		return nil, err
	}
	made.orders, made.refunds = jsapi.JsapiApiService{Client: client}, refunddomestic.RefundsApiService{Client: client}
	if err := made.hear(verifier); err != nil {
		return nil, err
	}
	return made, nil
}

// hear sets what verifies notifications.
func (m *merchant) hear(by auth.Verifier) (err error) {
	m.notices, err = notify.NewRSANotifyHandler(m.APIv3Key, by)
	return err
}

// merchantOf finds the merchant of an account, with Pay's certificates at hand.
func (c *Client) merchantOf(ctx context.Context, account string) (*merchant, error) {
	m := c.merchants[account]
	if m == nil {
		return nil, fmt.Errorf("account %s: %w", account, ErrNoMerchant)
	}
	return m, m.keys.have(ctx)
}

// Has reports whether an account takes payments.
func (c *Client) Has(account string) bool { return c.merchants[account] != nil }
