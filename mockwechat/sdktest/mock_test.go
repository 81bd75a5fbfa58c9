package sdktest

import (
	"bufio"
	"bytes"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// mock is the program mockwechat, running.
type mock struct {
	t        *testing.T
	api      string // base address of the APIs
	control  string
	callback *httptest.Server // of the account; answers success unless it is told otherwise
	handler  http.Handler
	merchant merchant
	secure   http.RoundTripper // to the platform's host names, over HTTPS
	tls      string            // its address
	pid      int               // of the program
}

// The SDKs, as the table names them.
const (
	nameSilenceper  = "silenceper/wechat v2.1.7"
	namePowerWeChat = "PowerWeChat v3.4.38"
	nameWechatPay   = "wechatpay-go v0.2.20"
	nameGopay       = "gopay v1.5.109"
)

const (
	appID   = "wx0123456789abcdef"
	secret  = "0123456789abcdef0123456789abcdef"
	token   = "sdktest"
	aesKey  = "mNnY5GekpChwqhy2c4NBH90g3hND6GeI4gii2YCvKLY"
	account = "demo"
)

// start builds the program, and runs it until the test ends. The SDKs reach it over HTTPS under
// the host names that they have built in, for which their default transport goes to it.
func start(t *testing.T) *mock {
	t.Helper()
	program := filepath.Join(t.TempDir(), "mockwechat")
	build := exec.CommandContext(t.Context(), "go", "build", "-o", program, "./cmd/mockwechat")
	build.Dir = filepath.Join("..", "..")
	if out, err := build.CombinedOutput(); err != nil {
		t.Fatalf("build mockwechat: %v\n%s", err, out)
	}
	run := exec.CommandContext(t.Context(), program, "--listen", "127.0.0.1:0", "--control", "127.0.0.1:0",
		"--tls", "127.0.0.1:0", "--tls-ca", filepath.Join(t.TempDir(), "ca.pem"))
	run.Stderr = os.Stderr
	run.Cancel = func() error { return run.Process.Signal(os.Interrupt) }
	run.WaitDelay = 10 * time.Second
	out, err := run.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = run.Wait() }) // otherwise the test could end before the program is told to
	m := &mock{t: t, merchant: newMerchant(t), pid: run.Process.Pid}
	var authority string
	lines := bufio.NewReader(out)
	if _, err := fmt.Fscanf(lines, "mockwechat: api %s control %s\n", &m.api, &m.control); err != nil {
		t.Fatal(err)
	}
	if _, err := fmt.Fscanf(lines, "mockwechat: https %s authority %s\n", &m.tls, &authority); err != nil {
		t.Fatal(err)
	}
	m.api, m.control = "http://"+m.api, "http://"+m.control
	m.secure = secured(t, m.tls, authority)
	before := http.DefaultTransport
	http.DefaultTransport = m.secure
	t.Cleanup(func() { http.DefaultTransport = before })
	m.callback = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if m.handler != nil {
			m.handler.ServeHTTP(w, r)
			return
		}
		_, _ = io.WriteString(w, "success")
	}))
	t.Cleanup(m.callback.Close)
	m.accounts("plain")
	return m
}

// accounts makes the account anew in a mode.
func (m *mock) accounts(mode string) {
	m.t.Helper()
	m.ask(http.MethodPut, "/control/accounts", []map[string]any{{
		"name": account, "app_id": appID, "secret": secret, "token": token, "encoding_aes_key": aesKey, "original_id": "gh_0123456789ab",
		"mode": mode, "callback_url": m.callback.URL + "/", "followers": map[string]any{"count": 1000, "seed": 7}, "templates": []string{"order-result"},
		"pay": map[string]any{"mch_id": merchantID, "api_v3_key": merchantV3, "certificate": m.merchant.cert, "notify_speed": 1000, "bills_at_once": true},
	}, m.component()})
}

// ask makes a call to the control port.
func (m *mock) ask(method, path string, body any) []byte {
	m.t.Helper()
	raw, err := json.Marshal(body)
	if err != nil {
		m.t.Fatal(err)
	}
	r, err := http.NewRequestWithContext(context.Background(), method, m.control+path, bytes.NewReader(raw))
	if err != nil {
		m.t.Fatal(err)
	}
	resp, err := http.DefaultClient.Do(r)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	out, err := io.ReadAll(resp.Body)
	if err != nil || resp.StatusCode >= http.StatusBadRequest {
		m.t.Fatalf("%s %s: %d %s, %v", method, path, resp.StatusCode, out, err)
	}
	return out
}

// push lets a follower send something, and returns what the platform made of the answer.
func (m *mock) push(message map[string]any) (seen string, ok bool) {
	m.t.Helper()
	var o struct {
		OK          bool
		Seen, Error string
	}
	if err := json.Unmarshal(m.ask(http.MethodPost, "/control/push", message), &o); err != nil {
		m.t.Fatal(err)
	}
	return o.Seen + o.Error, o.OK
}

// served is how many calls of a path the mock has answered without an error.
func (m *mock) served(path string) int {
	m.t.Helper()
	return bytes.Count(m.ask(http.MethodGet, "/control/ledger?errcode=0&path="+url.QueryEscape(path), nil), []byte("\n"))
}

// paths are the APIs that faults can be set for, which are all.
func (m *mock) paths() []string {
	m.t.Helper()
	type schema struct {
		Items      *schema
		Properties map[string]*schema
		Enum       []string
	}
	var doc struct {
		Paths map[string]map[string]struct {
			RequestBody struct {
				Content map[string]struct{ Schema schema }
			}
		}
	}
	if err := json.Unmarshal(m.ask(http.MethodGet, "/control/openapi", nil), &doc); err != nil {
		m.t.Fatal(err)
	}
	rule := doc.Paths["/control/faults"]["put"].RequestBody.Content["application/json"].Schema
	return rule.Items.Properties["match"].Properties["path"].Enum
}

// followers are the first ones of the account.
func (m *mock) followers(n int) []string {
	m.t.Helper()
	var got struct {
		Token string `json:"access_token"`
		Data  struct {
			OpenID []string `json:"openid"`
		} `json:"data"`
	}
	m.get("/cgi-bin/token?grant_type=client_credential&appid="+appID+"&secret="+secret, &got)
	m.get("/cgi-bin/user/get?access_token="+got.Token, &got)
	return got.Data.OpenID[:n]
}

func (m *mock) get(path string, v any) {
	m.t.Helper()
	resp, err := http.Get(m.api + path)
	if err != nil {
		m.t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if err := json.NewDecoder(resp.Body).Decode(v); err != nil {
		m.t.Fatal(err)
	}
}

// code goes the way of a browser through the consent page and returns the code.
func (m *mock) code(address, openID string) string {
	m.t.Helper()
	u, err := url.Parse(address)
	if err != nil {
		m.t.Fatal(err)
	}
	client := http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	resp, err := client.Get(m.api + u.Path + "?" + u.RawQuery + "&_openid=" + openID)
	if err != nil {
		m.t.Fatal(err)
	}
	_ = resp.Body.Close()
	to, err := url.Parse(resp.Header.Get("Location"))
	if err != nil || to.Query().Get("code") == "" {
		m.t.Fatalf("consent: %s, %v", resp.Status, err)
	}
	return to.Query().Get("code")
}

// secured is a transport that dials the mock for the platform's host names, as a line in
// /etc/hosts would, and trusts the mock's authority.
func secured(t *testing.T, address, authority string) http.RoundTripper {
	t.Helper()
	pem, err := os.ReadFile(authority)
	if err != nil {
		t.Fatal(err)
	}
	pool := x509.NewCertPool()
	if !pool.AppendCertsFromPEM(pem) {
		t.Fatalf("%s has no certificate", authority)
	}
	var dialer net.Dialer
	transport := &http.Transport{
		TLSClientConfig: &tls.Config{RootCAs: pool, MinVersion: tls.VersionTLS12},
		DialContext: func(ctx context.Context, network, to string) (net.Conn, error) {
			if strings.HasSuffix(to, ".weixin.qq.com:443") {
				to = address
			}
			return dialer.DialContext(ctx, network, to)
		},
	}
	t.Cleanup(transport.CloseIdleConnections)
	return transport
}

// step is one call of an SDK.
type step struct {
	path string // of the platform
	do   func() error
}

// results are what became of the calls: SDK → path → yes, or why not.
type results map[string]map[string]string

// run makes the calls in their order and judges each by the SDK and by the mock's ledger.
func (m *mock) run(all results, sdk string, steps []step) {
	all[sdk] = map[string]string{}
	for _, s := range steps {
		before := m.served(s.path)
		err := func() (err error) {
			defer func() {
				if p := recover(); p != nil {
					err = fmt.Errorf("panic: %v", p)
				}
			}()
			return s.do()
		}()
		switch {
		case err != nil:
			m.t.Errorf("%s %s: %v", sdk, s.path, err)
			all[sdk][s.path] = "no"
		case m.served(s.path) == before:
			m.t.Errorf("%s %s: the ledger has no such call", sdk, s.path)
			all[sdk][s.path] = "no"
		default:
			all[sdk][s.path] = "yes"
		}
	}
}
