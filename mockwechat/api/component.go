package api

import (
	"slices"
	"strings"
	"time"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/platform"
)

// Paths and fields of this family are those of silenceper/wechat v2.1.7 (openplatform/context)
// and PowerWeChat v3.4.38 (openPlatform/base), codes and lives those of the platform's pages on
// third-party platforms. Some codes are our choice, because those pages do not settle them: 61011
// for an appid that is none, 61009 for a code that is used again, 40097 for a wrong count.

// componentBody is what the calls of a third-party platform ask for.
type componentBody struct {
	ComponentAppID  string `json:"component_appid"`
	AppSecret       string `json:"component_appsecret"`
	Secret          string `json:"component_secret"`
	Ticket          string `json:"component_verify_ticket"`
	Code            string `json:"authorization_code"`
	AuthorizerAppID string `json:"authorizer_appid"`
	Refresh         string `json:"authorizer_refresh_token"`
	OptionName      string `json:"option_name"`
	OptionValue     string `json:"option_value"`
	Offset          int    `json:"offset"`
	Count           int    `json:"count"`
}

func componentCaller(r *request) *platform.Official {
	var c componentBody
	if !r.decode(&c) {
		return nil
	}
	return r.p.OfApp(c.ComponentAppID)
}

// refusedComponent judges the credentials of a third-party platform.
func (r *request) refusedComponent(c componentBody, secret string) bool {
	switch {
	case r.breaks("appid-missing", c.ComponentAppID == ""),
		r.breaks("appid-unknown", r.acc == nil),
		r.breaks("component-none", r.acc != nil && !r.acc.Config.IsComponent()),
		r.breaks("secret-missing", secret == ""),
		r.breaks("secret-wrong", r.acc != nil && secret != r.acc.Config.Secret),
		r.breaks("secret-frozen", r.acc != nil && r.acc.Config.SecretFrozen),
		r.breaks("component-ip", r.acc != nil && !r.acc.Config.MayCall(r.RemoteAddr)):
		return true
	}
	return r.acc == nil
}

// serveComponentToken is /cgi-bin/component/api_component_token.
func serveComponentToken(r *request) answer {
	var c componentBody
	if r.breaks("json", !r.decode(&c)) || r.refusedComponent(c, c.AppSecret) {
		return r.refusal()
	}
	t := platform.Part[platform.Tickets](r.acc).Ticket(c.Ticket, r.now)
	if r.breaks("component-ticket", !t.Known) || r.breaks("component-ticket-old", t.Expired) {
		return r.refusal()
	}
	made := r.tokenAnswer(r.acc.PlainToken(r.p, r.now))
	if token, ok := made.fields.(tokenAnswer); ok {
		made.fields = map[string]any{"component_access_token": token.AccessToken, "expires_in": token.ExpiresIn}
	}
	return made
}

// serveStartTickets is /cgi-bin/component/api_start_push_ticket. The mock always pushes.
func serveStartTickets(r *request) answer {
	var c componentBody
	if r.breaks("json", !r.decode(&c)) || r.refusedComponent(c, c.Secret) {
		return r.refusal()
	}
	return answer{}
}

// component reads a call that bears the token of a third-party platform; ok is false when the
// call is refused.
func (r *request) component() (c componentBody, ok bool) {
	if r.breaks("json", !r.decode(&c)) || r.breaks("component-other", c.ComponentAppID != r.acc.Config.AppID) {
		return c, false
	}
	return c, true
}

// servePreAuth is /cgi-bin/component/api_create_preauthcode.
func servePreAuth(r *request) answer {
	if _, ok := r.component(); !ok {
		return r.refusal()
	}
	code := platform.Part[platform.Tickets](r.acc).NewPreAuth(r.p)
	return answer{fields: map[string]any{"pre_auth_code": code, "expires_in": int(platform.PreAuthLife / time.Second)}}
}

// authorizer finds the account that a call is about; ok is false when it is refused. A rule that
// is not enforced lets an account in that has given no rights.
func (r *request) authorizer(appID string) (a *platform.Official, z platform.Authorization, ok bool) {
	if a = r.p.OfApp(appID); a != nil {
		z, _ = a.Authorized()
	}
	if r.breaks("authorizer", a == nil || z.Component != r.acc.Config.AppID) {
		return nil, z, false
	}
	return a, z, true
}

// serveQueryAuth is /cgi-bin/component/api_query_auth.
func serveQueryAuth(r *request) answer {
	c, ok := r.component()
	if !ok {
		return r.refusal()
	}
	codes := platform.Part[platform.Tickets](r.acc)
	g := codes.Consent(c.Code, r.now)
	if r.breaks("auth-code", !g.Known) || r.breaks("auth-code-old", g.Expired) {
		return r.refusal()
	}
	a, _, ok := r.authorizer(g.AppID)
	if !ok || r.breaks("auth-code-used", !codes.UseConsent(c.Code)) {
		return r.refusal()
	}
	return answer{fields: map[string]any{"authorization_info": r.lend(a, false)}}
}

// lend gives the third-party platform a token of an account. Of an account that has given no
// rights, which a rule that is not enforced lets through, there is none.
func (r *request) lend(a *platform.Official, rotate bool) map[string]any {
	if a == nil {
		return map[string]any{}
	}
	t, z := a.LentToken(r.p, r.now, rotate)
	if t == nil {
		return map[string]any{}
	}
	life := int(t.Expires.Sub(r.now) / time.Second)
	r.line.Token, r.line.TokenState, r.line.TokenIssue, r.line.ExpiresInS = t.Digest, ledger.TokenValid, ledger.IssueNew, life
	m := rightsOf(a, z)
	m["authorizer_access_token"], m["expires_in"], m["authorizer_refresh_token"] = t.Token, life, z.Refresh
	return m
}

// rightsOf is what an account has given rights to.
func rightsOf(a *platform.Official, z platform.Authorization) map[string]any {
	sets := []map[string]any{}
	for _, id := range z.Rights {
		sets = append(sets, map[string]any{"funcscope_category": map[string]int{"id": id}})
	}
	return map[string]any{"authorizer_appid": a.Config.AppID, "func_info": sets}
}

// serveLentToken is /cgi-bin/component/api_authorizer_token.
func serveLentToken(r *request) answer {
	c, ok := r.component()
	if !ok {
		return r.refusal()
	}
	a, z, ok := r.authorizer(c.AuthorizerAppID)
	if !ok || r.breaks("component-refresh", c.Refresh != z.Refresh) {
		return r.refusal()
	}
	m := r.lend(a, r.acc.Config.Component.RotateRefresh)
	delete(m, "func_info")
	delete(m, "authorizer_appid")
	return answer{fields: m}
}

// serveAuthorizer is /cgi-bin/component/api_get_authorizer_info.
func serveAuthorizer(r *request) answer {
	c, ok := r.component()
	if !ok {
		return r.refusal()
	}
	a, z, ok := r.authorizer(c.AuthorizerAppID)
	if !ok {
		return r.refusal()
	}
	if a == nil {
		return answer{}
	}
	service, verified := 2, 0 // a service account, verified
	if a.Config.Type == platform.TypeSubscription {
		service = 0
	}
	if a.Config.Unverified {
		verified = -1
	}
	rights := rightsOf(a, z)
	rights["authorizer_refresh_token"] = z.Refresh
	return answer{fields: map[string]any{
		"authorizer_info": map[string]any{
			"nick_name": a.Config.Name, "head_img": "", "service_type_info": map[string]int{"id": service}, "verify_type_info": map[string]int{"id": verified},
			"user_name": a.Config.OriginalID, "principal_name": a.Config.Name, "alias": a.Config.Name, "qrcode_url": "", "signature": "",
			"business_info": map[string]int{"open_store": 0, "open_scan": 0, "open_pay": 0, "open_card": 0, "open_shake": 0}, "account_status": 1,
		},
		"authorization_info": rights,
	}}
}

// serveComponentClear is /cgi-bin/component/clear_quota.
func serveComponentClear(r *request) answer {
	if _, ok := r.component(); !ok {
		return r.refusal()
	}
	return r.clearQuotas()
}

// maxAuthorizers is the longest page of api_get_authorizer_list.
const maxAuthorizers = 500

// serveAuthorizers is /cgi-bin/component/api_get_authorizer_list.
func serveAuthorizers(r *request) answer {
	c, ok := r.component()
	if !ok || r.breaks("authorizer-page", c.Offset < 0 || c.Count < 1 || c.Count > maxAuthorizers) {
		return r.refusal()
	}
	all := r.p.Authorizers(r.acc.Config.AppID)
	from := min(max(c.Offset, 0), len(all))
	list := []map[string]any{}
	for _, a := range all[from:min(len(all), from+max(c.Count, 0))] {
		z, _ := a.Authorized()
		list = append(list, map[string]any{"authorizer_appid": a.Config.AppID, "refresh_token": z.Refresh, "auth_time": z.At.Unix()})
	}
	return answer{fields: map[string]any{"total_count": len(all), "list": list}}
}

// rights are the sets of rights that calls of an account need from a third-party platform's
// token, by the head of the path: the first that fits counts. The numbers are those of
// chanxuehong/wechat (component/authorizationInfo.go).
var rights = []struct {
	head string
	id   int
}{
	{"/sns/oauth2/component/", platform.RightPages},
	{"/cgi-bin/message/mass/", 7},
	{"/cgi-bin/message/template/", 7},
	{"/cgi-bin/template/", 7},
	{"/cgi-bin/message/custom/", platform.RightMessages},
	{"/cgi-bin/user/", 2},
	{"/cgi-bin/tags/", 2},
	{"/cgi-bin/qrcode/", 3},
	{"/cgi-bin/shorten/", 3},
	{"/cgi-bin/customservice/", 6},
	{"/customservice/", 6},
	{"/cgi-bin/media/", 11},
	{"/cgi-bin/material/", 11},
	{"/cgi-bin/draft/", 11},
	{"/cgi-bin/freepublish/", 11},
	{"/cgi-bin/menu/", 15},
	{"/cgi-bin/get_current_selfmenu_info", 15},
}

// Rights are the ids of all sets of rights that the mock tells apart, sorted.
func Rights() []int {
	ids := make([]int, len(rights))
	for i, r := range rights {
		ids[i] = r.id
	}
	slices.Sort(ids)
	return slices.Compact(ids)
}

// rightFor is the set that a call needs; 0: none.
func rightFor(path string) int {
	for _, r := range rights {
		if strings.HasPrefix(path, r.head) {
			return r.id
		}
	}
	return 0
}

// judgeComponent refuses a token of the wrong kind, and rights that were not given.
func (r *request) judgeComponent(e endpoint) answer {
	z, _ := r.acc.Authorized()
	switch {
	case r.breaks("component-token", e.component && !r.acc.Config.IsComponent()),
		r.breaks("account-token", !e.component && r.acc.Config.IsComponent()),
		r.breaks("component-right", r.token.Lent() && !z.Has(rightFor(r.URL.Path))):
		return r.refusal()
	}
	return answer{}
}
