//go:build !short

package sdktest

import (
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/silenceper/wechat/v2/officialaccount"
	"github.com/silenceper/wechat/v2/officialaccount/menu"
	"github.com/wechatpay-apiv3/wechatpay-go/core"
	"github.com/wechatpay-apiv3/wechatpay-go/services/payments/jsapi"
)

// topUp is a small account that is made with the SDKs: it answers texts, logs followers in, and has
// a page that takes payments.
type topUp struct {
	m    *mock
	oa   *officialaccount.OfficialAccount
	pay  *wechatpay
	said chan string // by the page
}

func (a *topUp) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/pay":
		a.pay.handler().ServeHTTP(w, r)
	case "/login":
		if err := a.oa.GetOauth().Redirect(w, r, a.m.callback.URL+"/back", "snsapi_userinfo", "S"); err != nil {
			a.m.t.Error(err)
		}
	case "/back":
		if err := a.page(w, r); err != nil {
			a.m.t.Error(err)
			http.Error(w, err.Error(), http.StatusInternalServerError)
		}
	case "/said":
		a.said <- r.URL.Query().Get("text")
	default:
		silenceperCallback().ServeHTTP(w, r)
	}
}

// page takes the code of the login, and lets its follower pay.
func (a *topUp) page(w http.ResponseWriter, r *http.Request) error {
	who, err := a.oa.GetOauth().GetUserAccessToken(r.URL.Query().Get("code"))
	if err != nil {
		return err
	}
	config, err := a.oa.GetJs().GetConfig(a.m.callback.URL + r.URL.RequestURI())
	if err != nil {
		return err
	}
	sheet, _, err := (&jsapi.JsapiApiService{Client: a.pay.client}).PrepayWithRequestPayment(r.Context(), jsapi.PrepayRequest{
		Appid: core.String(appID), Mchid: core.String(merchantID), Description: core.String("话费充值30元"), OutTradeNo: core.String("PHONE00001"),
		NotifyUrl: core.String(a.m.callback.URL + "/pay"), Amount: &jsapi.Amount{Total: core.Int64(3000)}, Payer: &jsapi.Payer{Openid: &who.OpenID},
	})
	if err != nil {
		return err
	}
	asked, err := json.Marshal(map[string]any{
		"appId": config.AppID, "timestamp": config.Timestamp, "nonceStr": config.NonceStr, "signature": config.Signature, "jsApiList": []string{"chooseWXPay"},
	})
	if err != nil {
		return err
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = fmt.Fprintf(w, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>充值</title>
<h1>话费充值</h1><p>%s</p><button id="buy" style="position:fixed;left:16px;top:150px;width:200px;height:50px">充值 30 元</button>
<script src="https://res.wx.qq.com/open/js/jweixin-1.6.0.js"></script><script>
const say = (t) => fetch("/said?text=" + encodeURIComponent(t));
wx.error((e) => say(e.errMsg));
wx.ready(() => say("ready"));
wx.config(%s);
document.getElementById("buy").onclick = () => wx.chooseWXPay({timestamp: %q, nonceStr: %q, package: %q, signType: %q, paySign: %q,
	success: (a) => say(a.errMsg), cancel: (a) => say(a.errMsg), fail: (a) => say(a.errMsg)});
</script></html>`, who.OpenID, asked, *sheet.TimeStamp, *sheet.NonceStr, *sheet.Package, *sheet.SignType, *sheet.PaySign)
	return err
}

// hears waits until the page has said a text.
func (a *topUp) hears(text string) {
	a.m.t.Helper()
	select {
	case got := <-a.said:
		if got != text {
			a.m.t.Fatalf("the page says %q, want %q", got, text)
		}
	case <-time.After(patience):
		a.m.t.Fatalf("the page never says %q", text)
	}
}

// patience is how long a step of the browser may take.
const patience = 2 * time.Minute

// tab is a browser that reaches the mock under the platform's names.
type tab struct {
	t   *testing.T
	ctx context.Context
}

func newTab(t *testing.T, m *mock) tab {
	t.Helper()
	program := ""
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "headless-shell"} {
		if path, err := exec.LookPath(name); err == nil {
			program = path
			break
		}
	}
	if program == "" {
		if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "browser") {
			t.Fatal("no Chromium here. Remedy: make deps (Debian), or install chromium")
		}
		t.Skip("SKIPPED: no Chromium here: the phone is not used. Remedy: make deps (Debian), or install chromium")
	}
	resp, err := (&http.Client{Transport: m.secure}).Get("https://open.weixin.qq.com/")
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	key := sha256.Sum256(resp.TLS.PeerCertificates[0].RawSubjectPublicKeyInfo)
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(program), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserDataDir(t.TempDir()),
		chromedp.Flag("host-resolver-rules", "MAP *.weixin.qq.com "+m.tls+", MAP res.wx.qq.com "+m.tls),
		chromedp.Flag("ignore-certificate-errors-spki-list", base64.StdEncoding.EncodeToString(key[:])))...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	ctx, cancel := context.WithTimeout(ctx, 3*patience)
	t.Cleanup(cancel)
	b := tab{t, ctx}
	b.do(chromedp.Do(ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulatePortrait, chromedp.EmulateMobile)))
	return b
}

func (b tab) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// until waits for a condition of the page.
func (b tab) until(condition string) {
	b.t.Helper()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](condition))
		if err != nil {
			b.t.Fatalf("%s: %v", condition, err)
		}
		if ok {
			return
		}
	}
}

func (b tab) press(selector string) {
	b.t.Helper()
	b.do(chromedp.Do(b.ctx, chromedp.Click(chromedp.CSS(selector))))
}

func (b tab) types(keys string) {
	b.t.Helper()
	b.do(chromedp.Do(b.ctx, chromedp.KeyEvent(keys)))
}

// picture keeps what is to be seen in the folder that OALAB_SCREENSHOTS names.
func (b tab) picture(name string) {
	b.t.Helper()
	dir := os.Getenv("OALAB_SCREENSHOTS")
	if dir == "" {
		return
	}
	raw, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	b.do(errors.Join(err, os.WriteFile(filepath.Join(dir, name+".png"), raw, 0o600)))
}

// TestPhoneWithSDKs: a follower uses an account that is made with the SDKs: chat, menu, login, and a payment
// that is refused and then made. Pages and their scripts have the platform's addresses.
func TestPhoneWithSDKs(t *testing.T) {
	m := start(t)
	_, oa := silenceper()
	a := &topUp{m: m, oa: oa, pay: newWechatpay(t, m), said: make(chan string, 16)}
	m.handler = a
	fan := m.followers(1)[0]
	if err := oa.GetMenu().SetMenu([]*menu.Button{menu.NewClickButton("查询", "Q"), menu.NewViewButton("充值", m.callback.URL+"/login")}); err != nil {
		t.Fatal(err)
	}
	b := newTab(t, m)
	b.do(chromedp.Do(b.ctx, chromedp.Navigate("https://open.weixin.qq.com/phone/"+account+"/"+url.PathEscape(fan))))
	b.until(`document.body.dataset.ready === "yes" && document.querySelectorAll("#menu > div > button").length === 2`)
	b.until(`(document.getElementById("text").focus(), true)`)
	b.types("查询流量\r")
	b.until(`document.querySelector("#chat li:last-child")?.textContent === "收到查询流量"`)
	b.press("#menu > div:nth-child(1) > button")
	b.until(`document.querySelector("#chat li:last-child")?.textContent === "收到"`)
	b.picture("sdk-chat")

	b.press("#menu > div:nth-child(2) > button")
	for m.served("/connect/oauth2/authorize") == 0 {
		b.until("true")
	}
	b.until(`document.activeElement.id === "close" && document.getElementById("frame").dataset.loaded === "yes"`)
	b.types("\t")
	b.types("\r")
	a.hears("ready")
	b.picture("sdk-page")

	const buyX, buyY = 116, 57 + 175
	b.do(chromedp.Do(b.ctx, chromedp.MouseClickXY(buyX, buyY)))
	b.until(`document.getElementById("sheet").open`)
	b.picture("sdk-sheet")
	b.press("#refuse")
	a.hears("chooseWXPay:cancel")
	b.do(chromedp.Do(b.ctx, chromedp.MouseClickXY(buyX, buyY)))
	b.until(`document.getElementById("sheet").open`)
	b.press("#pay")
	a.hears("chooseWXPay:ok")
	if err := a.pay.wait("TRANSACTION.SUCCESS"); err != nil {
		t.Fatal(err)
	}
	if o := a.pay.order; *o.OutTradeNo != "PHONE00001" || *o.Payer.Openid != fan || *o.TradeState != "SUCCESS" {
		t.Errorf("the merchant was told %v", o)
	}
}
