// Package page owns what the platform shows to people: the consent page of a web login and
// the pictures of QR codes. A mistake of the developer is an error page, as on the platform.
// A request with _openid=OPENID is that follower, who says yes at once; the platform does
// not have that (MOCKW-1).
package page

import (
	"html/template"
	"image/jpeg"
	"net/http"
	"net/url"

	"github.com/skip2/go-qrcode"

	"oalab/mockwechat/api"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

const (
	pathAuthorize = "/connect/oauth2/authorize"
	pathShow      = "/cgi-bin/showqrcode"
)

// Has says whether a path is a page of the platform.
func Has(path string) bool { return path == pathAuthorize || path == pathShow }

type pages struct{ p *platform.Platform }

// New serves the pages of a platform.
func New(p *platform.Platform) http.Handler { return &pages{p} }

// ServeHTTP shows a page, and records it first.
func (s *pages) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.URL.Path == pathShow {
		s.showCode(w, r)
		return
	}
	s.authorize(w, r)
}

// Error codes of the pages (sheet 4.1).
const (
	errRedirect = 10003
	errScope    = 10005
	errAppID    = 10011
	errNoRights = 10015
)

var errorPage = template.Must(template.New("error").Parse(`<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>错误</title>
<p>{{.Text}}</p><p>错误码：{{.Code}}</p></html>`))

var consentPage = template.Must(template.New("consent").Parse(`<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>微信授权</title>
<style>body{font:16px/1.6 sans-serif;margin:2em auto;max-width:24em;padding:0 1em}button,input{font:inherit;width:100%;padding:.7em;box-sizing:border-box;margin:.3em 0}</style>
<h1>{{.Account}}</h1><p>{{if .User}}申请获得你的公开信息（昵称、头像、地区及性别）{{else}}申请登录{{end}}</p>
<form method="get" action="/connect/oauth2/authorize">
{{range $k, $v := .Query}}{{range $v}}<input type="hidden" name="{{$k}}" value="{{.}}">{{end}}{{end}}
<label>我是（openid）<input name="_openid" value="{{.OpenID}}" required></label>
<button type="submit">同意</button></form></html>`))

// maxState is the longest state, in bytes.
const maxState = 128

func (s *pages) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	line := ledger.Call{At: s.p.Now(), Kind: ledger.KindPage, Path: pathAuthorize, Status: http.StatusOK, OpenID: q.Get("_openid")}
	a := s.p.OfApp(q.Get("appid"))
	target, err := url.Parse(q.Get("redirect_uri"))
	scope := q.Get("scope")
	asks, lent := a, s.p.OfApp(q.Get("component_appid"))
	if q.Has("component_appid") {
		asks = lent
	}
	switch {
	case a == nil:
		s.fail(w, line, errAppID, "appid 不存在")
		return
	case q.Has("component_appid") && !mayLogIn(a, lent):
		s.fail(w, line, errNoRights, "公众号未授权第三方平台，请检查授权状态")
		return
	case q.Get("response_type") != "code" || (scope != platform.ScopeBase && scope != platform.ScopeUser) ||
		a.Config.Unverified || a.Config.Type == platform.TypeSubscription:
		s.fail(w, line, errScope, "Scope 参数错误或没有 Scope 权限")
		return
	case err != nil || target.Host == "" || (target.Scheme != "http" && target.Scheme != "https") || !asks.Config.MayRedirect(target.Host):
		s.fail(w, line, errRedirect, "redirect_uri 域名与后台配置不一致")
		return
	case len(q.Get("state")) > maxState:
		s.fail(w, line, errScope, "state 参数过长")
		return
	}
	line.Account = a.Config.Name
	openID := q.Get("_openid")
	if openID == "" {
		s.consent(w, r, line, a, q)
		return
	}
	if a.Relation(openID) == platform.Foreign && !platform.WellFormed(openID) {
		s.fail(w, line, errScope, "openid 不存在")
		return
	}
	back := target.Query()
	code := a.NewCode(s.p, platform.Login{OpenID: openID, Scope: scope, Component: q.Get("component_appid")})
	line.Code = platform.Digest(code)
	back.Set("code", code)
	back.Set("state", q.Get("state"))
	if q.Has("component_appid") {
		back.Set("appid", a.Config.AppID)
	}
	target.RawQuery = back.Encode()
	line.Status = http.StatusFound
	if s.record(w, line) {
		http.Redirect(w, r, target.String(), http.StatusFound)
	}
}

// mayLogIn says whether an account has given a third-party platform the right to log its
// followers in; nil: there is no such third-party platform.
func mayLogIn(a, component *platform.Official) bool {
	z, _ := a.Authorized()
	return component != nil && z.Component == component.Config.AppID && z.Has(platform.RightPages)
}

// consent asks the follower whose phone the browser is, or who the person says.
func (s *pages) consent(w http.ResponseWriter, r *http.Request, line ledger.Call, a *platform.Official, q url.Values) {
	openID := a.AnyOpenID()
	if c, err := r.Cookie(platform.CookieOpenID); err == nil && platform.WellFormed(c.Value) {
		openID = c.Value
	}
	if !s.record(w, line) {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	// A page that cannot be written is a browser that has gone.
	_ = consentPage.Execute(w, map[string]any{
		"Account": a.Config.Name, "User": q.Get("scope") == platform.ScopeUser, "Query": q, "OpenID": openID,
	})
}

func (s *pages) fail(w http.ResponseWriter, line ledger.Call, code int, text string) {
	line.ErrCode = code
	if !s.record(w, line) {
		return
	}
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = errorPage.Execute(w, map[string]any{"Code": code, "Text": text}) // as above
}

func (s *pages) record(w http.ResponseWriter, line ledger.Call) bool {
	if err := s.p.Record(&line); err != nil {
		http.Error(w, "the ledger cannot be written", http.StatusInternalServerError)
		return false
	}
	return true
}

// codeSize is the width of a QR code's picture in pixels, as on the platform.
const codeSize = 430

// showCode is the picture of a QR code, a 404 for a wrong ticket.
func (s *pages) showCode(w http.ResponseWriter, r *http.Request) {
	ticket := r.URL.Query().Get("ticket")
	line := ledger.Call{At: s.p.Now(), Kind: ledger.KindPage, Path: pathShow, Status: http.StatusNotFound}
	for _, a := range s.p.Accounts() {
		if api.HasTicket(a, ticket) {
			line.Account, line.Status = a.Config.Name, http.StatusOK
			break
		}
	}
	if !s.record(w, line) {
		return
	}
	code, err := qrcode.New("http://weixin.qq.com/q/"+ticket, qrcode.Medium)
	if line.Status != http.StatusOK || err != nil {
		http.NotFound(w, r)
		return
	}
	w.Header().Set("Content-Type", "image/jpg")
	_ = jpeg.Encode(w, code.Image(codeSize), nil) // as above
}
