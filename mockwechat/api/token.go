package api

import (
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
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

func queryCaller(r *request) *platform.Official { return r.p.OfApp(r.URL.Query().Get("appid")) }

func bodyCaller(r *request) *platform.Official {
	var c credentials
	if !r.decode(&c) {
		return nil
	}
	return r.p.OfApp(c.AppID)
}

// refused judges credentials in the platform's order: the appid wins.
func (r *request) refused(c credentials) bool {
	switch {
	case r.breaks("appid-missing", c.AppID == ""),
		r.breaks("appid-unknown", r.acc == nil),
		r.breaks("component-plain", r.acc != nil && r.acc.Config.IsComponent()),
		r.breaks("grant-type", c.GrantType != "client_credential"),
		r.breaks("secret-missing", c.Secret == ""),
		r.breaks("secret-wrong", r.acc != nil && c.Secret != r.acc.Config.Secret),
		r.breaks("secret-frozen", r.acc != nil && r.acc.Config.SecretFrozen),
		r.breaks("ip-whitelist", r.acc != nil && !r.acc.Config.MayCall(r.RemoteAddr)):
		return true
	}
	return r.acc == nil
}

func serveToken(r *request) answer {
	q := r.URL.Query()
	c := credentials{GrantType: q.Get("grant_type"), AppID: q.Get("appid"), Secret: q.Get("secret")}
	if r.refused(c) {
		return r.refusal()
	}
	return r.tokenAnswer(r.acc.PlainToken(r.p, r.now))
}

func serveStableToken(r *request) answer {
	var c credentials
	if r.breaks("json", !r.decode(&c)) || r.refused(c) {
		return r.refusal()
	}
	return r.tokenAnswer(r.acc.StableToken(r.p, r.now, c.ForceRefresh))
}

func (r *request) tokenAnswer(t *platform.Issued, issue ledger.TokenIssue, code platform.Code) answer {
	if code != platform.CodeOK {
		return refuse(code)
	}
	life := int(t.Expires.Sub(r.now) / time.Second)
	r.line.Token, r.line.TokenState, r.line.TokenIssue, r.line.ExpiresInS = t.Digest, ledger.TokenValid, issue, life
	return answer{fields: tokenAnswer{t.Token, life}}
}
