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

// loginCode judges appid, secret and code; a code of another kind of login is unknown.
func (r *request) loginCode(code string, kind bool, secret, grant string) (platform.Login, bool) {
	q := r.URL.Query()
	g := &platform.Grants{}
	if r.acc != nil {
		g = platform.Part[platform.Grants](r.acc)
	}
	login, known := g.Code(code)
	mini := login.Scope == platform.ScopeMini
	switch {
	case r.breaks("appid-missing", q.Get("appid") == ""),
		r.breaks("appid-unknown", r.acc == nil),
		r.breaks("secret-missing", secret == ""),
		r.breaks("secret-wrong", r.acc != nil && secret != r.acc.Config.Secret),
		r.breaks("grant-type", grant != "authorization_code"),
		r.breaks("code-missing", code == ""),
		r.breaks("code-unknown", !known || mini != kind),
		r.breaks("code-expired", !r.now.Before(login.Expires)),
		r.breaks("code-used", !g.Use(code)):
		return login, false
	}
	r.line.OpenID = login.OpenID
	return login, true
}

// serveWebToken is /sns/oauth2/access_token.
func serveWebToken(r *request) answer {
	q := r.URL.Query()
	login, ok := r.loginCode(q.Get("code"), false, q.Get("secret"), q.Get("grant_type"))
	if !ok {
		return r.refusal()
	}
	access, refresh := platform.Part[platform.Grants](r.acc).Issue(r.p, r.acc.Config.AppID, login.OpenID, login.Scope, "")
	return r.webTokens(access, refresh)
}

// serveWebRefresh is /sns/oauth2/refresh_token.
func serveWebRefresh(r *request) answer {
	q := r.URL.Query()
	text := q.Get("refresh_token")
	if r.breaks("appid-missing", q.Get("appid") == "") || r.breaks("appid-unknown", r.acc == nil) {
		return r.refusal()
	}
	g := platform.Part[platform.Grants](r.acc)
	t, known := g.Refresh(text)
	switch {
	case r.breaks("grant-type", q.Get("grant_type") != "refresh_token"),
		r.breaks("refresh-missing", text == ""),
		r.breaks("refresh-unknown", !known),
		r.breaks("refresh-expired", !r.now.Before(t.Expires)):
		return r.refusal()
	}
	access, _ := g.Issue(r.p, r.acc.Config.AppID, t.OpenID, t.Scope, text)
	return r.webTokens(access, t)
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
