// Package wechatapi owns the calls to the WeChat platform: the access token that
// it gives out, and the messages sent with it. Package token keeps the
// token. No error or log line of it ever holds a token or a
// secret.
package wechatapi

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/wechat"
)

// Account is what calls for one official account need.
type Account struct {
	Name   string
	AppID  string
	Secret string
	// Subscription and Unverified say what the account is: the platform gives such accounts
	// fewer interfaces. The others are refused here, without a call (MSG-13).
	Subscription, Unverified bool
}

// Config of a Client.
type Config struct {
	// APIBase is the platform's address, such as https://host; empty means that
	// there is none and each call returns ErrNoPlatform.
	APIBase  string
	Accounts []Account
	// Timeout bounds each HTTP request; 0 means 5 s.
	Timeout time.Duration
	// MaxConns bounds the connections to the platform; 0 means 64.
	MaxConns int
	// Transport replaces the HTTP transport, for tests; nil means a pooled one.
	Transport http.RoundTripper
	// Log gets a warning while the platform refuses an account; nil discards it.
	Log *slog.Logger
	// Metrics gets oalab_platform_refusing and oalab_platform_refusals_total; nil means none.
	Metrics prometheus.Registerer
}

const (
	pathStable   = "/cgi-bin/stable_token"
	pathReplace  = "/cgi-bin/token"
	pathTemplate = "/cgi-bin/message/template/send"
	pathCustom   = "/cgi-bin/message/custom/send"
)

// maxAnswer bounds what is read of an answer.
const maxAnswer = 1 << 20

// Tokens keeps the access tokens that messages are sent with.
type Tokens interface {
	// Token returns a token of the account that lives.
	Token(ctx context.Context, account string) (string, error)
	// Report says that the platform refused a token: it is not given out again.
	Report(account, token string)
}

// Client calls the platform. It is safe for concurrent use.
type Client struct {
	base     string
	http     *http.Client
	timeout  time.Duration
	accounts map[string]Account
	tokens   Tokens
	refusals *refusals
}

// New makes a Client, which sends nothing before it has tokens (see UseTokens). It makes no call. An APIBase that is no URL is an error.
func New(cfg Config) (*Client, error) {
	c := &Client{timeout: cfg.Timeout, accounts: make(map[string]Account)}
	if cfg.Timeout <= 0 {
		c.timeout = 5 * time.Second
	}
	if cfg.APIBase != "" {
		u, err := url.Parse(cfg.APIBase)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, fmt.Errorf("wechat.api_base %q is not an http or https address", cfg.APIBase)
		}
		c.base = strings.TrimRight(cfg.APIBase, "/")
	}
	transport := cfg.Transport
	if transport == nil {
		conns := cfg.MaxConns
		if conns <= 0 {
			conns = 64
		}
		transport = &http.Transport{
			MaxConnsPerHost: conns, MaxIdleConnsPerHost: conns, MaxIdleConns: conns, IdleConnTimeout: 30 * time.Second,
		}
	}
	c.http = &http.Client{Transport: transport, CheckRedirect: stay}
	names := make([]string, 0, len(cfg.Accounts))
	for _, a := range cfg.Accounts {
		c.accounts[a.Name] = a
		names = append(names, a.Name)
	}
	var err error
	if c.refusals, err = newRefusals(names, cfg.Log, cfg.Metrics); err != nil {
		return nil, err
	}
	return c, nil
}

// UseTokens sets the keeper of the tokens. It must be called before the first message
// is sent: the keeper itself needs the Client.
func (c *Client) UseTokens(t Tokens) { c.tokens = t }

// Close drops idle connections.
func (c *Client) Close() { c.http.CloseIdleConnections() }

// Template is a template message.
type Template struct {
	OpenID     string
	TemplateID string
	// ClientMsgID lets the platform swallow a message that it has delivered before.
	ClientMsgID string
	Data        map[string]string
}

// TemplateSend sends a template message.
func (c *Client) TemplateSend(ctx context.Context, account string, m Template) error {
	type value struct {
		Value string `json:"value"`
	}
	data := make(map[string]value, len(m.Data))
	for k, v := range m.Data {
		data[k] = value{wechat.ClipText(v)}
	}
	err := c.send(ctx, account, pathTemplate, map[string]any{
		"touser": m.OpenID, "template_id": m.TemplateID, "client_msg_id": m.ClientMsgID, "data": data,
	})
	if err != nil && ErrorClass(err) == ClassRepeated {
		return nil
	}
	return err
}

// CustomSend sends a customer-service text message. A text that is too long is cut.
func (c *Client) CustomSend(ctx context.Context, account, openid, text string) error {
	return c.send(ctx, account, pathCustom, map[string]any{
		"touser": openid, "msgtype": "text", "text": map[string]string{"content": wechat.ClipText(text)},
	})
}

// send posts a message with the account's token.
func (c *Client) send(ctx context.Context, account, path string, body any) error {
	return c.withToken(ctx, account, path, func(token, secret string) error {
		return c.post(ctx, path, url.Values{"access_token": {token}}, body, nil, token, secret)
	})
}

// withToken makes a call with the account's token. When the platform refuses the
// token that is reported, and the call made once more with the next one. While the
// platform refuses the account few calls are made.
func (c *Client) withToken(ctx context.Context, account, path string, call func(token, secret string) error) error {
	if c.base == "" {
		return fmt.Errorf("%s: %w", path, ErrNoPlatform)
	}
	a, ok := c.accounts[account]
	if !ok {
		return fmt.Errorf("%s for account %q: %w", path, account, ErrNoAccount)
	}
	if err := a.right(path); err != nil {
		return err
	}
	if err := c.refusals.hold(account, path); err != nil {
		return err
	}
	for again := false; ; again = true {
		token, err := c.tokens.Token(ctx, account)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		err = call(token, a.Secret)
		var code *CodeError
		if err == nil || !errors.As(err, &code) || code.Class() != ClassToken {
			c.refusals.note(account, path, err)
			return err
		}
		c.tokens.Report(account, token)
		if again {
			c.refusals.note(account, path, err)
			return err
		}
	}
}

// post makes a call with a JSON body.
func (c *Client) post(ctx context.Context, path string, query url.Values, body, out any, secrets ...string) error {
	raw, err := encode(body)
	if err != nil {
		return fmt.Errorf("%s: encode request: %w", path, err)
	}
	return c.call(ctx, http.MethodPost, path, query, raw, out, secrets...)
}

// call makes one call and reads its answer into out, if any. The secrets are
// removed from any error.
func (c *Client) call(ctx context.Context, method, path string, query url.Values, body []byte, out any, secrets ...string) error {
	contentType := ""
	if body != nil {
		contentType = "application/json; charset=utf-8"
	}
	answer, _, err := c.exchange(ctx, question{method: method, path: path, query: query, contentType: contentType, body: body, limit: maxAnswer, timeout: c.timeout}, secrets)
	if err != nil {
		return err
	}
	return read(path, answer, out, secrets)
}

// question is one call.
type question struct {
	method, path string
	query        url.Values
	contentType  string // of body; "" for none
	body         []byte
	limit        int64 // of what is read of the answer
	timeout      time.Duration
}

// exchange makes one call, and returns its answer with its content type. The secrets are
// removed from any error.
func (c *Client) exchange(ctx context.Context, q question, secrets []string) (answer []byte, contentType string, err error) {
	ctx, cancel := context.WithTimeout(ctx, q.timeout)
	defer cancel()
	address := c.base + q.path
	if len(q.query) > 0 {
		address += "?" + q.query.Encode()
	}
	req, err := http.NewRequestWithContext(ctx, q.method, address, bytes.NewReader(q.body))
	if err != nil {
		return nil, "", fmt.Errorf("%s: make request: %w", q.path, redact(err, secrets))
	}
	if q.contentType != "" {
		req.Header.Set("Content-Type", q.contentType)
	}
	if q.path == pathWebToken || q.path == pathMini {
		sendOnce(req)
	}
	res, err := c.http.Do(req)
	if err != nil {
		return nil, "", fmt.Errorf("%s: %w", q.path, redact(err, secrets))
	}
	defer res.Body.Close()
	answer, err = io.ReadAll(io.LimitReader(res.Body, q.limit))
	if err != nil {
		return nil, "", fmt.Errorf("%s: read answer: %w", q.path, redact(err, secrets))
	}
	if res.StatusCode != http.StatusOK {
		return nil, "", fmt.Errorf("%s: platform answered HTTP %d", q.path, res.StatusCode)
	}
	return answer, res.Header.Get("Content-Type"), nil
}

// read reads an answer in JSON into out, if any. One with an errcode is a *CodeError.
func read(path string, answer []byte, out any, secrets []string) error {
	var head struct {
		Code int    `json:"errcode"`
		Msg  string `json:"errmsg"`
	}
	if err := json.Unmarshal(answer, &head); err != nil {
		return fmt.Errorf("%s: the answer is not JSON (%d bytes)", path, len(answer))
	}
	if head.Code != 0 {
		return &CodeError{API: path, Code: head.Code, Msg: scrub(head.Msg, secrets)}
	}
	if out == nil {
		return nil
	}
	if err := json.Unmarshal(answer, out); err != nil {
		return fmt.Errorf("%s: the answer has an unexpected form (%d bytes)", path, len(answer))
	}
	return nil
}

// stay follows no redirect: the address of a call holds secrets, and would be the next one's Referer.
func stay(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }

// encode writes JSON as the platform shows it to followers: without escapes for &, < and >.
func encode(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	err := e.Encode(v)
	return b.Bytes(), err
}
