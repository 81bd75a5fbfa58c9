package topup

import (
	"context"
	"crypto/rand"
	"embed"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"strings"
	"time"

	"oalab/server/internal/binding"
	"oalab/server/internal/page"
	"oalab/server/internal/payapi"
	"oalab/server/internal/web"
)

//go:embed asset/*.html
var pageFiles embed.FS

//go:embed asset/pay.js
var scriptSource string

// view is what the page shows; each part stands where it is not empty.
type view struct {
	Base           string // the address of the page
	Phone          string
	Key            string // of the form
	Amounts        []int64
	Serial, Amount string
	State          string
	Sheet          string // JSON, for the script
	Script         string // of the platform
	Again          bool   // the state changes by itself: the page looks again
	Past           []line
}

// line is a top-up of the past.
type line struct{ Serial, When, Amount, State string }

// Routes are the addresses of the page, and the one at which Pay tells of payments.
func (s *Service) Routes() []web.Route {
	at := func(method, pattern string, serve web.Serve) web.Route {
		return web.Route{Method: method, Pattern: "/c/{account}/topup" + pattern, Area: web.Page, Serve: serve}
	}
	return []web.Route{
		at(http.MethodGet, "", s.entered(s.servePage)),
		at(http.MethodPost, "", s.entered(s.serveBegin)),
		at(http.MethodGet, "/pay.js", serveScript),
		at(http.MethodGet, "/{serial}", s.entered(s.serveState)),
		{Method: http.MethodPost, Pattern: "/pay/{account}/notify", Area: web.Platform, Serve: s.serveNotice},
	}
}

// serveScript answers the script of the page: the policy of pages allows none inside of them.
func serveScript(w http.ResponseWriter, _ *http.Request, _ web.Path) error {
	w.Header().Set("Content-Type", "text/javascript; charset=utf-8")
	w.Header().Set("X-Content-Type-Options", "nosniff")
	_, err := io.WriteString(w, scriptSource)
	return err
}

// visit is one visit to the page by a follower who is logged in.
type visit struct {
	account, openid string
	serial          string
	w               http.ResponseWriter
	r               *http.Request
}

func (v visit) base() string { return "/c/" + v.account + "/topup" }

// entered lets followers in who are logged in, and sends others to the login.
func (s *Service) entered(serve func(ctx context.Context, v visit) error) web.Serve {
	return func(w http.ResponseWriter, r *http.Request, path web.Path) error {
		v := visit{account: path.Param("account"), serial: path.Param("serial"), w: w, r: r}
		if !s.pay.Has(v.account) {
			return web.ErrNotFound
		}
		who, err := s.followers.Follower(w, r, v.account)
		if errors.Is(err, web.ErrUnauthorized) {
			return s.pages.Enter(w, r, v.account)
		}
		if err != nil {
			return err
		}
		if who.Snapshot {
			return s.say(v, http.StatusForbidden, "请先点击右下角“使用完整服务”，再充值。")
		}
		v.openid = who.OpenID
		return serve(r.Context(), v)
	}
}

// show shows the page. A state that changes by itself is looked at again.
func (s *Service) show(v visit, d view) error {
	d.Base = v.base()
	back := ""
	if d.Serial != "" {
		back = d.Base
	}
	if d.Again {
		v.w.Header().Set("Refresh", "2; url="+d.Base+"/"+d.Serial)
	}
	return s.pages.Write(v.w, http.StatusOK, "topup", page.View{Account: v.account, Title: title, Back: back, Data: d})
}

const title = "话费充值"

// say shows a sentence alone.
func (s *Service) say(v visit, status int, text string) error {
	return s.pages.Write(v.w, status, page.NameNotice, page.View{
		Account: v.account, Title: title, Data: page.Notice{Text: text, Link: v.base(), LinkText: "返回"},
	})
}

// phone is the number that the follower has bound. ok is false when the page has said that there
// is none.
func (s *Service) phone(ctx context.Context, v visit) (phone string, ok bool, err error) {
	phone, err = s.followers.Phone(ctx, v.account, v.openid)
	if errors.Is(err, binding.ErrUnbound) {
		return "", false, s.say(v, http.StatusConflict, "您还没有绑定手机号码，请先在公众号中绑定后再充值。")
	}
	return phone, err == nil, err
}

// pastShown is how many of their top-ups followers see.
const pastShown = 5

// servePage shows the amounts, and the follower's latest top-ups.
func (s *Service) servePage(ctx context.Context, v visit) error {
	phone, ok, err := s.phone(ctx, v)
	if !ok {
		return err
	}
	past, err := s.store.Of(ctx, v.account, v.openid, pastShown)
	if err != nil {
		return err
	}
	d := view{Phone: hidden(phone), Key: rand.Text(), Amounts: s.cfg.Amounts}
	for _, t := range past {
		d.Past = append(d.Past, line{t.Serial, t.Created.In(s.cfg.Zone).Format("01-02 15:04"), yuan(t.Fen), stateText(t.State)})
	}
	return s.show(v, d)
}

const maxKey = 64

// platformScript is the path of the platform's script for pages.
const platformScript = "/open/js/jweixin-1.6.0.js"

// serveBegin begins a top-up and shows what it is paid with. The same form again is the same
// top-up.
func (s *Service) serveBegin(ctx context.Context, v visit) error {
	amount, err := strconv.ParseInt(v.r.PostFormValue("yuan"), 10, 64)
	key := v.r.PostFormValue("key")
	if err != nil || amount > maxYuan || !s.cfg.Amounts.has(amount*100) || key == "" || len(key) > maxKey {
		return s.say(v, http.StatusBadRequest, "充值金额有误，请返回后重试。")
	}
	if wait := s.begins.Take(v.account + " " + v.openid); wait > 0 {
		v.w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
		return s.say(v, http.StatusTooManyRequests, "操作过于频繁，请稍后再试。")
	}
	phone, ok, err := s.phone(ctx, v)
	if !ok {
		return err
	}
	t, err := s.Begin(ctx, v.account, v.openid, phone, key, amount*100)
	if errors.Is(err, ErrKeyUsed) {
		return s.say(v, http.StatusConflict, "该页面已使用过，请返回后重新选择金额。")
	}
	if err != nil {
		return err
	}
	return s.showTopUp(ctx, v, t)
}

// serveState shows how far a top-up of the follower has come.
func (s *Service) serveState(ctx context.Context, v visit) error {
	t, err := s.store.Load(ctx, v.account, v.serial)
	if errors.Is(err, ErrNoTopUp) || err == nil && t.OpenID != v.openid {
		return web.ErrNotFound
	}
	if err != nil {
		return err
	}
	return s.showTopUp(ctx, v, t)
}

// showTopUp shows a top-up, and what it is paid with while it can be paid.
func (s *Service) showTopUp(ctx context.Context, v visit, t TopUp) error {
	d := view{Phone: hidden(t.Phone), Serial: t.Serial, Amount: yuan(t.Fen), State: stateText(t.State), Again: t.State.Open()}
	if t.State != StateCreated {
		return s.show(v, d)
	}
	sheet, err := s.Sheet(ctx, t)
	switch {
	case errors.Is(err, payapi.ErrOver): // it is paid, and the notification is on its way
		d.State, d.Again = "正在确认支付结果", true
		return s.show(v, d)
	case err != nil:
		if times, tell := s.metrics.warnings.Tell("prepay", time.Now()); tell {
			s.log.WarnContext(ctx, "WeChat Pay takes no order", "account", v.account, "times", times, "error", err)
		}
		return s.say(v, http.StatusServiceUnavailable, "支付暂时不可用，请稍后再试。您没有付款。")
	}
	text, err := json.Marshal(sheet)
	if err != nil {
		return err
	}
	d.Sheet = string(text)
	if s.cfg.ScriptBase != "" {
		d.Script = strings.TrimSuffix(s.cfg.ScriptBase, "/") + platformScript
	}
	return s.show(v, d)
}

// stateText is a state as followers read it.
func stateText(s State) string {
	switch s {
	case StateCreated:
		return "待支付"
	case StateClosed:
		return "已关闭"
	case StatePaid, StateSent:
		return "已支付，正在充值"
	case StateDone:
		return "充值成功"
	case StateRefunding:
		return "充值未成功，正在退款"
	case StateRefunded:
	}
	return "充值未成功，已退款"
}
