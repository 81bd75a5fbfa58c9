package api

import (
	"time"

	"oalab/mockwechat/platform"
)

// webTokenAnswer is what both interfaces of the web login give.
type webTokenAnswer struct {
	AccessToken  string `json:"access_token"`
	ExpiresIn    int    `json:"expires_in"`
	RefreshToken string `json:"refresh_token"`
	OpenID       string `json:"openid"`
	Scope        string `json:"scope"`
}

func (r *request) webTokens(t, refresh platform.WebToken) answer {
	r.line.OpenID, r.line.Token = t.OpenID, platform.Digest(t.Text)
	return answer{fields: webTokenAnswer{t.Text, int(platform.WebLife / time.Second), refresh.Text, t.OpenID, t.Scope}}
}

// grants are the codes and web tokens of an account; of none they are empty.
func grants(a *platform.Official) *platform.Grants {
	if a == nil {
		return &platform.Grants{}
	}
	return platform.Part[platform.Grants](a)
}

// loginCode judges appid, secret and code; a code of another kind of login is unknown.
func (r *request) loginCode(code string, kind bool, secret, grant string) (platform.Login, bool) {
	switch {
	case r.breaks("appid-missing", r.URL.Query().Get("appid") == ""),
		r.breaks("appid-unknown", r.acc == nil),
		r.breaks("secret-missing", secret == ""),
		r.breaks("secret-wrong", r.acc != nil && secret != r.acc.Config.Secret):
		return platform.Login{}, false
	}
	return r.codeOf(r.acc, code, grant, func(l platform.Login) bool { return (l.Scope == platform.ScopeMini) == kind && l.Component == "" })
}

// codeOf judges a code of an account. One of a login that does not fit is unknown.
func (r *request) codeOf(a *platform.Official, code, grant string, fits func(platform.Login) bool) (platform.Login, bool) {
	g := grants(a)
	c, known := g.Code(code)
	if code != "" {
		r.line.Code = platform.Digest(code)
	}
	switch {
	case r.breaks("grant-type", grant != "authorization_code"),
		r.breaks("code-missing", code == ""),
		r.breaks("code-unknown", !known || !fits(c.Login)),
		r.breaks("code-expired", !r.now.Before(c.Expires)),
		r.breaks("code-used", !g.Use(code)):
		return c.Login, false
	}
	r.line.OpenID = c.OpenID
	return c.Login, true
}

// serveWebToken is /sns/oauth2/access_token.
func serveWebToken(r *request) answer {
	q := r.URL.Query()
	login, ok := r.loginCode(q.Get("code"), false, q.Get("secret"), q.Get("grant_type"))
	if !ok {
		return r.refusal()
	}
	access, refresh := grants(r.acc).Issue(r.p, r.acc.Config.AppID, login, "")
	return r.webTokens(access, refresh)
}

// serveWebRefresh is /sns/oauth2/refresh_token.
func serveWebRefresh(r *request) answer {
	if r.breaks("appid-missing", r.URL.Query().Get("appid") == "") || r.breaks("appid-unknown", r.acc == nil) {
		return r.refusal()
	}
	return r.renew(r.acc, "")
}

// renew gives an access token for the refresh token of a call. One that another third-party
// platform got, or the account itself, is unknown.
func (r *request) renew(a *platform.Official, component string) answer {
	q := r.URL.Query()
	text := q.Get("refresh_token")
	g := grants(a)
	t, known := g.Refresh(text)
	switch {
	case r.breaks("grant-type", q.Get("grant_type") != "refresh_token"),
		r.breaks("refresh-missing", text == ""),
		r.breaks("refresh-unknown", !known || t.Component != component),
		r.breaks("refresh-expired", !r.now.Before(t.Expires)):
		return r.refusal()
	}
	if a == nil { // a rule that is not enforced has let an account in that is not there
		return answer{}
	}
	access, _ := g.Issue(r.p, a.Config.AppID, t.Login, text)
	return r.webTokens(access, t)
}

// lentLogin judges a call by which a third-party platform logs followers of an account in. Paths
// and fields are those of silenceper/wechat v2.1.7 (openplatform/officialaccount).
func (r *request) lentLogin() (a *platform.Official, ok bool) {
	q := r.URL.Query()
	if r.breaks("component-other", q.Get("component_appid") != r.acc.Config.AppID) || r.breaks("appid-missing", q.Get("appid") == "") {
		return nil, false
	}
	a, z, ok := r.authorizer(q.Get("appid"))
	if !ok || r.breaks("component-right", !z.Has(platform.RightPages)) {
		return nil, false
	}
	return a, true
}

// serveLentWebToken is /sns/oauth2/component/access_token.
func serveLentWebToken(r *request) answer {
	a, ok := r.lentLogin()
	if !ok {
		return r.refusal()
	}
	q := r.URL.Query()
	login, ok := r.codeOf(a, q.Get("code"), q.Get("grant_type"), func(l platform.Login) bool { return l.Component == r.acc.Config.AppID })
	if !ok {
		return r.refusal()
	}
	if a == nil { // as above
		return answer{}
	}
	access, refresh := grants(a).Issue(r.p, a.Config.AppID, login, "")
	return r.webTokens(access, refresh)
}

// serveLentWebRefresh is /sns/oauth2/component/refresh_token.
func serveLentWebRefresh(r *request) answer {
	a, ok := r.lentLogin()
	if !ok {
		return r.refusal()
	}
	return r.renew(a, r.acc.Config.AppID)
}

// webCaller finds the account whose web token a call carries: the call names no appid.
func webCaller(r *request) *platform.Official {
	return r.p.OfWebToken(r.URL.Query().Get("access_token"))
}

// webRefused judges the web token and the openid of a call.
func (r *request) webRefused() (platform.WebToken, bool) {
	q := r.URL.Query()
	text, openID := q.Get("access_token"), q.Get("openid")
	var t platform.WebToken
	known := false
	if r.acc != nil {
		t, known = platform.Part[platform.Grants](r.acc).Access(text)
	}
	if text != "" {
		r.line.Token = platform.Digest(text)
	}
	r.line.OpenID = openID
	switch {
	case r.breaks("web-token", !known),
		r.breaks("web-token-expired", !r.now.Before(t.Expires)),
		r.breaks("web-openid", openID != t.OpenID):
		return t, true
	}
	return t, r.acc == nil
}

// serveWebUser is /sns/userinfo.
func serveWebUser(r *request) answer {
	t, refused := r.webRefused()
	if refused || r.breaks("web-scope", t.Scope != platform.ScopeUser) {
		return r.refusal()
	}
	u := profileOf(t.OpenID)
	return answer{fields: map[string]any{
		"openid": t.OpenID, "nickname": u.nickname, "sex": u.sex, "province": u.province, "city": u.city, "country": "中国",
		"headimgurl": u.picture, "privilege": []string{},
	}}
}

// serveWebAuth is /sns/auth.
func serveWebAuth(r *request) answer {
	if _, refused := r.webRefused(); refused {
		return r.refusal()
	}
	return answer{}
}

// serveMiniSession is /sns/jscode2session: path, fields and codes are those that
// silenceper/wechat reads in miniprogram/auth/auth.go.
func serveMiniSession(r *request) answer {
	q := r.URL.Query()
	login, ok := r.loginCode(q.Get("js_code"), true, q.Get("secret"), q.Get("grant_type"))
	if !ok {
		return r.refusal()
	}
	return fields("openid", login.OpenID, "session_key", sessionKey(r.p))
}
