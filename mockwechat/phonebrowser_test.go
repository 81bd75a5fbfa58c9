package mockwechat

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/log"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/cdproto/runtime"
	"github.com/chromedp/chromedp"

	"oalab/internal/browsertest"
	"oalab/mockwechat/ledger"
)

// hostile would run, or break the page, if it were not shown as text.
const hostile = `<img src=x onerror="window.hacked=1"><script>window.hacked=2</script>"'&lt;` + "\u202e" + `</li></ol>`

// microMessenger is the user agent of WeChat's browser.
const microMessenger = "Mozilla/5.0 (Linux; Android 14) AppleWebKit/537.36 Chrome/126.0 Mobile Safari/537.36 XWEB/1 MMWEBSDK/1 MicroMessenger/8.0.49 WeChat/arm64 NetType/WIFI Language/zh_CN"

// smallAccount is the back end of an account with a login and a page that pays.
type smallAccount struct {
	t    *testing.T
	till *till
	url  string
	said chan string // by the page
}

func (a *smallAccount) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	switch r.URL.Path {
	case "/wechat":
		a.answer(w, r)
	case "/login":
		to := url.Values{"appid": {"wxdemo"}, "redirect_uri": {a.url + "/back"}, "response_type": {"code"}, "scope": {"snsapi_userinfo"}, "state": {"S"}}
		http.Redirect(w, r, a.till.base+"/connect/oauth2/authorize?"+to.Encode(), http.StatusFound)
	case "/back":
		a.page(w, r)
	case "/said":
		a.said <- r.URL.Query().Get("text")
	default:
		http.NotFound(w, r)
	}
}

// hears waits until the page has said a text.
func (a *smallAccount) hears(want string) {
	a.t.Helper()
	for {
		select {
		case got := <-a.said:
			if got == want {
				return
			}
			a.t.Logf("the page says %q", got)
		case <-time.After(30 * time.Second):
			a.t.Fatalf("the page never said %q", want)
		}
	}
}

// answer says back what a follower has written.
func (a *smallAccount) answer(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	if err != nil {
		a.t.Error(err)
	}
	_, rest, _ := strings.Cut(string(body), "<Content><![CDATA[")
	said, _, _ := strings.Cut(rest, "]]></Content>")
	if said == "" {
		said = "收到事件"
	}
	_, _ = fmt.Fprintf(w, "<xml><ToUserName>%s</ToUserName><FromUserName>%s</FromUserName><CreateTime>1</CreateTime><MsgType>text</MsgType><Content><![CDATA[您说：%s]]></Content></xml>",
		r.URL.Query().Get("openid"), demoAccount().OriginalID, said)
}

// page takes the code of the login and lets its follower pay.
func (a *smallAccount) page(w http.ResponseWriter, r *http.Request) {
	if !strings.Contains(r.UserAgent(), "MicroMessenger") {
		http.Error(w, "请在微信客户端打开链接", http.StatusForbidden)
		return
	}
	got := a.till.ok(webToken+r.URL.Query().Get("code"), nil)
	address := a.url + r.URL.RequestURI()
	h := handset{shop: a.till.shop}
	config, err := json.Marshal(argsOf(h.configuredOn(address, func(m obj) {
		argsOf(m)["jsApiList"] = []string{"chooseWXPay", "updateAppMessageShareData"}
	})))
	sheet := a.till.prepay(a.till.number())
	if err != nil {
		a.t.Error(err)
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, _ = fmt.Fprintf(w, `<!doctype html><html lang="zh-CN"><meta charset="utf-8"><meta name="viewport" content="width=device-width"><title>充值</title>
<body style="font:16px sans-serif;padding:1em"><h1>话费充值</h1><p id="who">%s</p><button id="buy" style="font:inherit;position:fixed;left:16px;top:150px;width:200px;height:50px">充值 30 元</button><p id="result" style="margin-top:160px"></p>
<script src="%s/open/js/jweixin-1.6.0.js"></script><script>
const say = (t) => { document.getElementById("result").textContent = t; fetch("/said?text=" + encodeURIComponent(t)); };
wx.error((e) => say(e.errMsg));
wx.ready(() => wx.updateAppMessageShareData({title: "充值", desc: "D", link: location.href, imgUrl: "", success: () => say("可以分享")}));
wx.config(%s);
document.getElementById("buy").onclick = () => wx.chooseWXPay({timestamp: %q, nonceStr: %q, package: %q, signType: "RSA", paySign: %q,
	success: (a) => say("成功 " + a.errMsg), cancel: (a) => say("取消 " + a.errMsg), fail: (a) => say("失败 " + a.errMsg)});
</script></body></html>`, got["openid"], a.till.base, config, sheet.TimeStamp, sheet.NonceStr, sheet.Package, sheet.PaySign)
}

// tab is a browser's tab at 390 px.
type tab struct {
	t        *testing.T
	ctx      context.Context
	pictures string
	mu       sync.Mutex
	offences []string
}

func (b *tab) see(ev any) {
	b.mu.Lock()
	defer b.mu.Unlock()
	switch ev := ev.(type) {
	case *network.EventRequestWillBeSent:
		if u, err := url.Parse(ev.Request.URL); err == nil && u.Hostname() != "127.0.0.1" && u.Scheme != "data" && u.Scheme != "about" {
			b.offences = append(b.offences, "asks for "+ev.Request.URL)
		}
	case *runtime.EventExceptionThrown:
		b.offences = append(b.offences, fmt.Sprintf("throws %v", ev.ExceptionDetails))
	case *log.EventEntryAdded:
		if !strings.Contains(ev.Entry.Text, "favicon") && !strings.HasSuffix(ev.Entry.URL, "/favicon.ico") {
			b.offences = append(b.offences, "the browser complains: "+ev.Entry.Text+" "+ev.Entry.URL)
		}
	}
}

func (b *tab) do(err error) {
	b.t.Helper()
	if err != nil {
		b.t.Fatal(err)
	}
}

// until waits for a condition of the page.
func (b *tab) until(condition string) {
	b.t.Helper()
	for {
		ok, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](condition))
		if err != nil {
			var text string
			if body, e := chromedp.Run(context.WithoutCancel(b.ctx), chromedp.Evaluate[string]("document.body.innerText")); e == nil {
				text = body
			}
			b.mu.Lock()
			defer b.mu.Unlock()
			b.t.Fatalf("%s: %v\n%s\n%s", condition, err, text, strings.Join(b.offences, "\n"))
		}
		if ok {
			return
		}
	}
}

// run runs script that has no result.
func (b *tab) run(script string) {
	b.t.Helper()
	_, err := chromedp.Run(b.ctx, chromedp.Evaluate[bool](script+"; true"))
	b.do(err)
}

// newTab opens a browser as a follower's telephone does. OALAB_SCREENSHOTS names a folder to
// keep the pictures in.
func newTab(t *testing.T) *tab {
	t.Helper()
	browser := browsertest.Path(t, os.Getenv, "the phone is not used")
	pictures := os.Getenv("OALAB_SCREENSHOTS")
	if pictures == "" {
		pictures = t.TempDir()
	}
	ctx, stop := chromedp.NewExecAllocator(t.Context(), append(
		slices.Clone(chromedp.DefaultExecAllocatorOptions[:]),
		chromedp.ExecPath(browser), chromedp.NoSandbox, chromedp.DisableGPU, chromedp.UserAgent(microMessenger), chromedp.UserDataDir(t.TempDir()))...)
	t.Cleanup(stop)
	ctx, closeTab := chromedp.NewContext(ctx)
	t.Cleanup(closeTab)
	b := &tab{t: t, pictures: pictures}
	b.do(chromedp.Do(ctx, chromedp.Navigate("about:blank")))
	b.do(chromedp.Listen(ctx, b.see))
	ctx, cancel := context.WithTimeout(ctx, 40*time.Second)
	t.Cleanup(cancel)
	b.ctx = ctx
	_, err := chromedp.Call(ctx, network.Enable, network.EnableParams{})
	b.do(err)
	b.do(chromedp.Do(ctx, chromedp.EmulateViewport(390, 844, chromedp.EmulatePortrait, chromedp.EmulateMobile)))
	return b
}

// press clicks what a selector finds.
func (b *tab) press(selector string) {
	b.t.Helper()
	b.do(chromedp.Do(b.ctx, chromedp.Click(chromedp.CSS(selector))))
}

// types is what a person types.
func (b *tab) types(keys string) {
	b.t.Helper()
	b.do(chromedp.Do(b.ctx, chromedp.KeyEvent(keys)))
}

// picture keeps what is to be seen, which must not be wider than the phone, nor than its field.
func (b *tab) picture(name string) {
	b.t.Helper()
	wide, err := chromedp.Run(b.ctx, chromedp.Evaluate[[]string](`(() => { const w = document.documentElement.clientWidth + 1;
		return [...document.querySelectorAll("body *")].filter(e => e.getBoundingClientRect().right > w || e.tagName === "INPUT" && e.scrollWidth > e.clientWidth)
			.map(e => e.tagName + " " + e.id + " " + e.textContent.slice(0, 40)); })()`))
	b.do(err)
	for _, e := range wide {
		b.t.Errorf("%s: wider than it may be: %s", name, e)
	}
	raw, err := chromedp.Run(b.ctx, chromedp.CaptureScreenshot())
	b.do(err)
	b.do(os.WriteFile(filepath.Join(b.pictures, name+".png"), raw, 0o600))
}

func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a text can be written
	}
	return string(b)
}

const lastEntry = `(document.querySelector("#chat li:last-child")?.textContent ?? "")`

// TestPhoneInABrowser uses an account as a follower does: chat, menu, login, a page that shares
// and pays. What comes from outside is hostile, and is shown as text.
func TestPhoneInABrowser(t *testing.T) {
	b := newTab(t)
	a := &smallAccount{t: t, till: newTill(t), said: make(chan string, 64)}
	server := httptest.NewServer(a)
	t.Cleanup(server.Close)
	a.url = server.URL
	account := merchantAccount()
	account.CallbackURL = server.URL + "/wechat"
	evil := otherAccount()
	evil.Name, evil.CallbackURL = `"><img src=x onerror=hacked=3>`, account.CallbackURL
	if err := a.till.SetAccounts([]Account{account, evil}); err != nil {
		t.Fatal(err)
	}
	a.till.ok("/cgi-bin/menu/create", obj{"button": []obj{
		{"type": "click", "name": "<b>查</b>", "key": "CXLL"},
		{"name": "服务", "sub_button": []obj{{"type": "view", "name": "充值", "url": server.URL + "/login"}, {"type": "scancode_push", "name": "扫一扫", "key": "S"}}},
	}})
	b.do(chromedp.Do(b.ctx, chromedp.Navigate(a.till.base+"/phone/demo/"+fan)))
	b.until(`document.body.dataset.ready === "yes" && document.querySelector("#menu button") !== null`)

	// The chat, by keyboard alone.
	b.run(`document.getElementById("text").focus()`)
	b.types("查询流量\r")
	b.until(lastEntry + ` === "您说：查询流量"`)
	b.run(`document.getElementById("text").value = ` + quoted(hostile) + `; document.getElementById("send").requestSubmit()`)
	b.until(lastEntry + ` === ` + quoted("您说："+hostile))
	a.till.ok("/cgi-bin/message/template/send", obj{
		"touser": fan, "template_id": DefaultTemplate, "url": "javascript:hacked=4", "data": obj{"first": obj{"value": hostile}},
	})
	a.till.ok("/cgi-bin/message/custom/send", obj{"touser": fan, "msgtype": "news", "news": obj{"articles": []obj{{"title": hostile, "description": "流量红包，人人有份", "url": "javascript:hacked=5"}}}})
	a.till.ok("/cgi-bin/message/custom/send", obj{"touser": fan, "msgtype": "news", "news": obj{"articles": []obj{{"title": "流量红包", "description": "点击领取", "url": server.URL + "/login"}}}})
	b.until(lastEntry + ` === "流量红包点击领取"`)
	b.picture("chat")

	// The menu, with a sub-menu.
	b.press("#menu div:nth-child(1) button")
	b.until(lastEntry + `.includes("收到事件")`)
	b.press("#menu > div:nth-child(2) > button")
	b.picture("menu")

	// A button that asks first: a code is scanned, by keyboard alone.
	b.press("#menu .sub button:nth-child(2)")
	b.until(`document.getElementById("ask").open && document.activeElement.id === "field-text"`)
	b.picture("scan")
	b.types("\r")
	b.until(`!document.getElementById("ask").open && document.getElementById("chat").textContent.includes("扫码 S")`)
	b.press("#menu > div:nth-child(2) > button")

	// Login: the consent page knows whose phone it is, and Enter in it says yes.
	b.press("#menu .sub button:first-child")
	b.until(`!document.getElementById("browser").hidden`)
	a.consents(b)
	a.hears("可以分享")
	b.picture("page")

	// The payment sheet: refused, then paid.
	const buyX, buyY = 116, 57 + 175
	b.do(chromedp.Do(b.ctx, chromedp.MouseClickXY(buyX, buyY)))
	b.until(`document.getElementById("sheet").open`)
	b.picture("sheet")
	b.press("#refuse")
	a.hears("取消 chooseWXPay:cancel")
	b.do(chromedp.Do(b.ctx, chromedp.MouseClickXY(buyX, buyY)))
	b.until(`document.getElementById("sheet").open`)
	b.press("#pay")
	a.hears("成功 chooseWXPay:ok")
	if n := a.till.told(); n.content["trade_state"] != "SUCCESS" {
		t.Errorf("the merchant was told %v", n.content)
	}
	b.picture("paid")
	b.press("#close")
	b.press("#more")
	b.picture("tools")

	paid, shares := 0, 0
	for _, c := range a.till.calls() {
		if c.Effect == ledger.EffectPaid && c.OpenID == fan {
			paid++
		}
		if c.Path == "jssdk/updateAppMessageShareData" && c.Rule == "" {
			shares++
		}
	}
	if paid != 1 || shares != 1 {
		t.Errorf("the ledger has %d payments and %d shares", paid, shares)
	}
	b.until(`window.hacked === undefined && document.querySelector("#chat img, #chat script") === null`)
	b.do(chromedp.Do(b.ctx, chromedp.Navigate(a.till.base+"/phone/"+url.PathEscape(evil.Name)+"/"+strangers.OpenID(0))))
	b.until(`document.body.dataset.ready === "yes" && window.hacked === undefined`)
	b.until(`document.querySelector("h1").textContent === ` + quoted(evil.Name))
	b.picture("evil")
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, o := range b.offences {
		t.Error(o)
	}
}

// consents goes to the consent page in WeChat's browser by Tab, and says yes by Enter.
func (a *smallAccount) consents(b *tab) {
	b.t.Helper()
	for {
		asked := slices.ContainsFunc(a.till.calls(), func(c ledger.Call) bool { return c.Path == "/connect/oauth2/authorize" })
		if asked {
			break
		}
		b.until("true")
	}
	b.until(`document.activeElement.id === "close"`)
	b.loaded()
	b.picture("consent")
	b.types("\t")
	b.types("\r")
}

// loaded waits until the page in the frame has been loaded.
func (b *tab) loaded() { b.until(`document.getElementById("frame").dataset.loaded === "yes"`) }
