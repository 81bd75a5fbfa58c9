package mockwechat

import (
	"time"

	"oalab/mockwechat/ledger"
)

// tokenAnswer carries no errcode, as on the platform.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	ExpiresIn   int    `json:"expires_in"`
}

// credentials are what both token interfaces ask for.
type credentials struct {
	GrantType    string `json:"grant_type"`
	AppID        string `json:"appid"`
	Secret       string `json:"secret"`
	ForceRefresh bool   `json:"force_refresh"`
}

func tokenCaller(r *request) *account {
	return r.p.accountOfApp(r.URL.Query().Get("appid"))
}

func stableCaller(r *request) *account {
	var c credentials
	if !r.decode(&c) {
		return nil
	}
	return r.p.accountOfApp(c.AppID)
}

// check judges credentials in the platform's order: the appid wins.
func (c credentials) check(a *account) Code {
	switch {
	case c.AppID == "":
		return CodeMissingAppID
	case a == nil:
		return CodeInvalidAppID
	case c.GrantType != "client_credential":
		return CodeInvalidGrantType
	case c.Secret == "":
		return CodeMissingSecret
	case c.Secret != a.cfg.Secret:
		return CodeInvalidSecret
	}
	return CodeOK
}

func serveToken(r *request) answer {
	q := r.URL.Query()
	c := credentials{GrantType: q.Get("grant_type"), AppID: q.Get("appid"), Secret: q.Get("secret")}
	if code := c.check(r.acc); code != CodeOK {
		return refuse(code)
	}
	return r.tokenAnswer(r.acc.plainToken(r.p, r.now))
}

func serveStableToken(r *request) answer {
	var c credentials
	if !r.decode(&c) {
		return refuse(CodeDataFormat)
	}
	if code := c.check(r.acc); code != CodeOK {
		return refuse(code)
	}
	return r.tokenAnswer(r.acc.stableToken(r.p, r.now, c.ForceRefresh))
}

func (r *request) tokenAnswer(t *issued, issue ledger.TokenIssue, code Code) answer {
	if code != CodeOK {
		return refuse(code)
	}
	life := int(t.expires.Sub(r.now) / time.Second)
	r.line.Token, r.line.TokenState, r.line.TokenIssue, r.line.ExpiresInS = t.digest, ledger.TokenValid, issue, life
	return answer{fields: tokenAnswer{t.token, life}}
}
