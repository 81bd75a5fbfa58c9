package component

import (
	"html/template"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"time"

	"oalab/mockwechat/api"
	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// The addresses of the page: for a computer, and two for a phone.
var paths = []string{"/cgi-bin/componentloginpage", "/safe/bindcomponent", "/wxaopen/safe/bindcomponent"}

// Has says whether a path is the page of authorisation.
func Has(path string) bool { return slices.Contains(paths, path) }

var errorPage = template.Must(template.New("error").Parse(`<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>错误</title>
<p>{{.Text}}</p><p>错误码：{{.Code}}</p></html>`))

var consentPage = template.Must(template.New("consent").Parse(`<!doctype html><html lang="zh-CN"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>公众号授权</title>
<style>body{font:16px/1.6 sans-serif;margin:2em auto;max-width:24em;padding:0 1em}button{font:inherit;width:100%;padding:.7em;margin:.6em 0}label{display:block}</style>
<h1>{{.Component}}</h1><p>申请获得你的公众号的权限</p>
<form method="get" action="{{.Path}}">
{{range $k, $v := .Query}}{{range $v}}<input type="hidden" name="{{$k}}" value="{{.}}">{{end}}{{end}}<input type="hidden" name="_form" value="1">
<fieldset><legend>公众号</legend>{{range .Accounts}}<label><input type="radio" name="_appid" value="{{.AppID}}" required> {{.Name}}</label>{{end}}</fieldset>
<fieldset><legend>权限集</legend>{{range .Rights}}<label><input type="checkbox" name="_right" value="{{.}}" checked> {{.}}</label>{{end}}</fieldset>
<button type="submit">授权</button></form></html>`))

// Error codes of the page. The platform's pages show texts; the codes are those that its APIs have
// for the same mistakes, and 10003 as its web login has.
const (
	codeComponent  = 61011
	codeUnknown    = 61009
	codeExpired    = 61010
	codeRedirect   = 10003
	codeAuthorizer = 61003
	codeRights     = 61007
)

// authTypeMini shows mini programs alone, of which the mock has none.
const authTypeMini = "2"

// visit is one look at the page.
type visit struct {
	http.ResponseWriter

	r    *http.Request
	s    *Server
	q    url.Values
	line ledger.Call
}

// ServeHTTP shows the page, and records it first. A request with _appid=APPID is that account's
// administrator, who says yes at once to the rights that _right names, or to all.
func (s *Server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	v := &visit{
		ResponseWriter: w, r: r, s: s, q: r.URL.Query(),
		line: ledger.Call{At: s.p.Now(), Kind: ledger.KindPage, Path: r.URL.Path, Status: http.StatusOK},
	}
	c := s.p.OfApp(v.q.Get("component_appid"))
	if c == nil || !c.Config.IsComponent() {
		v.fail(codeComponent, "第三方平台不存在")
		return
	}
	v.line.Account = c.Config.Name
	back, err := url.Parse(v.q.Get("redirect_uri"))
	code := platform.Part[platform.Tickets](c).PreAuth(v.q.Get("pre_auth_code"), v.line.At)
	switch {
	case err != nil || back.Host == "" || (back.Scheme != "http" && back.Scheme != "https") || !c.Config.MayRedirect(back.Host):
		v.fail(codeRedirect, "请确认授权入口页所在域名，与授权后回调页所在域名相同")
	case !code.Known || code.Used:
		v.fail(codeUnknown, "预授权码无效")
	case code.Expired:
		v.fail(codeExpired, "预授权码已过期")
	case v.q.Get("_appid") == "":
		v.ask(c)
	default:
		v.agree(c, back)
	}
}

// accounts are those that the page offers: all, or the one that the link names.
func (v *visit) accounts() []platform.Account {
	var list []platform.Account
	for _, a := range v.s.p.Accounts() {
		only := v.q.Get("biz_appid")
		if !a.Config.IsComponent() && v.q.Get("auth_type") != authTypeMini && (only == "" || only == a.Config.AppID) {
			list = append(list, a.Config)
		}
	}
	return list
}

func (v *visit) ask(c *platform.Official) {
	if !v.record() {
		return
	}
	v.Header().Set("Content-Type", "text/html; charset=utf-8")
	// A page that cannot be written is a browser that has gone.
	_ = consentPage.Execute(v, map[string]any{
		"Component": c.Config.Name, "Path": v.r.URL.Path, "Query": v.q, "Accounts": v.accounts(), "Rights": api.Rights(),
	})
}

// rights are the sets that the administrator has ticked.
func (v *visit) rights() []int {
	if !v.q.Has("_form") && !v.q.Has("_right") {
		return api.Rights()
	}
	var list []int
	for _, text := range v.q["_right"] {
		if id, err := strconv.Atoi(text); err == nil && slices.Contains(api.Rights(), id) {
			list = append(list, id)
		}
	}
	return list
}

// agree gives the rights, and sends the browser back with a code.
func (v *visit) agree(c *platform.Official, back *url.URL) {
	appID, rights := v.q.Get("_appid"), v.rights()
	if !slices.ContainsFunc(v.accounts(), func(a platform.Account) bool { return a.AppID == appID }) {
		v.fail(codeAuthorizer, "没有可授权的公众号")
		return
	}
	a := v.s.p.OfApp(appID)
	if z, given := a.Authorized(); given && z.Component != c.Config.AppID {
		v.fail(codeAuthorizer, "该公众号已授权给其他第三方平台，请先取消授权")
		return
	}
	if len(rights) == 0 {
		v.fail(codeRights, "请至少选择一项权限")
		return
	}
	preAuth := v.q.Get("pre_auth_code")
	got, ok := a.Authorize(v.s.p, c, preAuth, rights)
	if !ok { // another click was faster
		v.fail(codeUnknown, "预授权码无效")
		return
	}
	v.s.authorized(c, a, got, preAuth)
	q := back.Query()
	q.Set("auth_code", got.Code)
	q.Set("expires_in", strconv.Itoa(int(got.Expires.Sub(v.s.p.Now())/time.Second)))
	back.RawQuery = q.Encode()
	v.line.Status = http.StatusFound
	if v.record() {
		http.Redirect(v, v.r, back.String(), http.StatusFound)
	}
}

func (v *visit) fail(code int, text string) {
	v.line.ErrCode = code
	if !v.record() {
		return
	}
	v.Header().Set("Content-Type", "text/html; charset=utf-8")
	_ = errorPage.Execute(v, map[string]any{"Code": code, "Text": text}) // as above
}

func (v *visit) record() bool {
	if err := v.s.p.Record(&v.line); err != nil {
		http.Error(v, "the ledger cannot be written", http.StatusInternalServerError)
		return false
	}
	return true
}
