package mockwechat

import (
	"net/http"
	"slices"

	"oalab/chaos/upstream"
	"oalab/mockwechat/api"
	"oalab/mockwechat/pay"
)

// controlOpenAPI is GET /control/openapi: what the control port can set, and for which
// calls. Every API has faults, latency, a line in the ledger, and is forgotten by a reset.
func controlOpenAPI(w http.ResponseWriter, _ *http.Request) {
	upstream.WriteJSON(w, http.StatusOK, openAPI())
}

func openAPI() map[string]any {
	text := map[string]any{"type": "string"}
	number := map[string]any{"type": "number"}
	object := func(properties map[string]any) map[string]any {
		return map[string]any{"type": "object", "additionalProperties": false, "properties": properties}
	}
	list := func(items map[string]any) map[string]any { return map[string]any{"type": "array", "items": items} }
	oneOf := func(values ...string) map[string]any { return map[string]any{"type": "string", "enum": values} }
	does := func(summary string, body map[string]any) map[string]any {
		op := map[string]any{"summary": summary, "responses": map[string]any{"default": map[string]any{"description": "JSON; an error is {error} with 4xx"}}}
		if body != nil {
			op["requestBody"] = map[string]any{"content": map[string]any{"application/json": map[string]any{"schema": body}}}
		}
		return op
	}
	var parameters []map[string]any
	for _, name := range filterNames() {
		parameters = append(parameters, map[string]any{"name": name, "in": "query", "schema": text})
	}
	ledger := does("lines since the last reset, filtered", nil)
	ledger["parameters"] = parameters
	rule := object(map[string]any{
		"match": object(map[string]any{"path": oneOf(slices.Concat([]string{"push"}, api.Paths(), pay.Paths())...), "op": text, "account": text}),
		"share": number, "errcode": map[string]any{"type": "integer"}, "status": map[string]any{"type": "integer"},
		"latency": object(map[string]any{"dist": text, "median_s": number, "sigma": number, "file": text}),
		"action":  oneOf("reset", "hang", "drip", "answer_lost", "double"),
	})
	account := object(map[string]any{
		"name": text, "app_id": text, "secret": text, "token": text, "encoding_aes_key": text, "original_id": text,
		"mode": oneOf("plain", "compatible", "safe"), "callback_url": text, "token_lifetime_s": number, "templates": list(text),
		"followers": map[string]any{"oneOf": []any{list(text), object(map[string]any{"count": number, "seed": number})}},
		"type":      oneOf("subscription", "service"), "verified": map[string]any{"type": "boolean"}, "ip_whitelist": list(text),
		"secret_frozen": map[string]any{"type": "boolean"}, "quota_per_day": number, "reports": map[string]any{"type": "boolean"},
		"redirect_hosts": list(text),
		"component":      object(map[string]any{"message_url": text, "ticket_speed": number, "rotate_refresh": map[string]any{"type": "boolean"}}),
		"pay":            object(map[string]any{"mch_id": text, "api_v3_key": text, "certificate": text, "notify_speed": number, "bills_at_once": map[string]any{"type": "boolean"}}),
	})
	sheet := object(map[string]any{"appId": text, "timeStamp": text, "nonceStr": text, "package": text, "signType": text, "paySign": text})
	step := object(map[string]any{"step": oneOf(pay.StepAdd, pay.StepUse, pay.StepDrop)})
	follower := map[string]any{"account": text, "openid": text}
	push := object(map[string]any{
		"account": text, "op": text, "openid": text, "msg_id": text, "msg_type": text, "content": text, "event": text,
		"event_key": text, "create_time": number, "fields": list(map[string]any{"type": "object"}),
		"rate": number, "duration_s": number, "mix": map[string]any{"type": "object"}, "contents": list(text), "event_keys": list(text),
	})
	return map[string]any{
		"openapi": "3.1.0",
		"info":    map[string]any{"title": "mockwechat control port", "version": "1"},
		"paths": map[string]any{
			"/control/reset":      map[string]any{"post": does("forgets what happened; accounts stay", nil)},
			"/control/accounts":   map[string]any{"put": does("replaces the accounts", list(account)), "get": does("the accounts", nil)},
			"/control/push":       map[string]any{"post": does("one message, or a load", push), "get": does("how far the load is", nil)},
			"/control/scan":       map[string]any{"post": does("a follower scans a QR code", object(map[string]any{"account": text, "openid": text, "ticket": text}))},
			"/control/login-code": map[string]any{"post": does("a code as wx.login gives it", object(follower))},
			"/control/pay": map[string]any{"post": does("a follower pays; one notification for each of notify_after_s", object(map[string]any{
				"openid": text, "sheet": sheet, "notify_after_s": list(number),
			}))},
			"/control/pay/certificate":       map[string]any{"post": does("a step of a change of the platform's certificate", step)},
			"/control/component/ticket":      map[string]any{"post": does("a ticket is pushed now", object(map[string]any{"component": text}))},
			"/control/component/unauthorize": map[string]any{"post": does("an account takes its rights back", object(map[string]any{"component": text, "account": text}))},
			"/control/faults":                map[string]any{"put": does("replaces the fault rules; [] heals", list(rule)), "get": does("the fault rules", nil)},
			"/control/ledger":                map[string]any{"get": ledger},
			"/control/openapi":               map[string]any{"get": does("this", nil)},
		},
	}
}
