package api

import (
	"net/url"
	"sync"

	"oalab/mockwechat/platform"
)

// clearings is how often an account has cleared its quotas this month.
type clearings struct {
	mu    sync.Mutex
	month int
	used  int
}

// clearPerMonth is how often an account may clear its quotas (sheet 3.6).
const clearPerMonth = 10

// beijingMonth numbers the months.
func beijingMonth(r *request) int {
	t := r.now.UTC().Add(8 * 3600e9)
	return t.Year()*12 + int(t.Month())
}

func (r *request) clearQuotas() answer {
	c := platform.Part[clearings](r.acc)
	c.mu.Lock()
	defer c.mu.Unlock()
	if month := beijingMonth(r); c.month != month {
		c.month, c.used = month, 0
	}
	if r.breaks("clear-month", c.used >= clearPerMonth) {
		return r.refusal()
	}
	c.used++
	r.acc.ClearCalls()
	return answer{}
}

// serveClearQuota is /cgi-bin/clear_quota.
func serveClearQuota(r *request) answer {
	var q struct {
		AppID string `json:"appid"`
	}
	if r.breaks("json", !r.decode(&q)) || r.breaks("clear-appid", q.AppID != r.acc.Config.AppID) {
		return r.refusal()
	}
	return r.clearQuotas()
}

// clearForm reads what clear_quota/v2 sends, as a form or as JSON.
func (r *request) clearForm() credentials {
	var c struct {
		AppID  string `json:"appid"`
		Secret string `json:"appsecret"`
	}
	if !r.decode(&c) {
		if form, err := url.ParseQuery(string(r.body)); err == nil {
			c.AppID, c.Secret = form.Get("appid"), form.Get("appsecret")
		}
	}
	return credentials{GrantType: "client_credential", AppID: c.AppID, Secret: c.Secret}
}

func formCaller(r *request) *platform.Official { return r.p.OfApp(r.clearForm().AppID) }

// serveClearQuotaBySecret is /cgi-bin/clear_quota/v2, which needs no token.
func serveClearQuotaBySecret(r *request) answer {
	if r.refused(r.clearForm()) {
		return r.refusal()
	}
	return r.clearQuotas()
}

// serveQuotaGet is /cgi-bin/openapi/quota/get.
func serveQuotaGet(r *request) answer {
	var q struct {
		Path string `json:"cgi_path"`
	}
	bad := !r.decode(&q)
	e, known := r.s.endpoints[q.Path]
	if r.breaks("json", bad) || r.breaks("cgi-path", !known) {
		return r.refusal()
	}
	limit := e.perDay
	switch {
	case r.acc.Config.QuotaPerDay > 0:
		limit = r.acc.Config.QuotaPerDay
	case q.Path == "/cgi-bin/message/custom/send":
		limit = r.p.Limits.CustomPerDay
	case q.Path == "/cgi-bin/message/template/send":
		limit = r.p.Limits.TemplatePerDay
	}
	used := r.acc.CallsToday(q.Path, r.now)
	return fields("quota", map[string]int{"daily_limit": limit, "used": used, "remain": max(0, limit-used)})
}

// fields is an answer of pairs of names and values, after errcode and errmsg.
func fields(pairs ...any) answer {
	m := map[string]any{"errcode": 0, "errmsg": "ok"}
	for i := 0; i+1 < len(pairs); i += 2 {
		if name, ok := pairs[i].(string); ok {
			m[name] = pairs[i+1]
		}
	}
	return answer{fields: m}
}

// serveCallbackIPs is /cgi-bin/getcallbackip and get_api_domain_ip.
func serveCallbackIPs(*request) answer {
	return answer{fields: map[string][]string{"ip_list": {"127.0.0.1", "127.0.0.0/8"}}}
}

// serveCallbackCheck is /cgi-bin/callback/check. The mock does not look at the network: it
// answers as for a callback that works.
func serveCallbackCheck(r *request) answer {
	var q struct {
		Action   string `json:"action"`
		Operator string `json:"check_operator"`
	}
	bad := !r.decode(&q)
	known := (q.Action == "all" || q.Action == "dns" || q.Action == "ping") &&
		(q.Operator == "" || q.Operator == "DEFAULT" || q.Operator == "CHINANET" || q.Operator == "UNICOM" || q.Operator == "CAP")
	if r.breaks("json", bad) || r.breaks("check-action", !known) {
		return r.refusal()
	}
	out := map[string]any{}
	if q.Action != "ping" {
		out["dns"] = []map[string]string{{"ip": "127.0.0.1", "real_operator": "DEFAULT"}}
	}
	if q.Action != "dns" {
		out["ping"] = []map[string]string{{"ip": "127.0.0.1", "from_operator": "DEFAULT", "package_loss": "0%", "time": "0.080ms"}}
	}
	return answer{fields: out}
}
