package api

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

type templateRequest struct {
	ToUser      string                  `json:"touser"`
	TemplateID  string                  `json:"template_id"`
	Data        map[string]templateData `json:"data"`
	ClientMsgID string                  `json:"client_msg_id"`
	URL         string                  `json:"url"`
}

// templateData takes any scalar as value, as the platform does.
type templateData struct {
	Value any `json:"value"`
}

func (d templateData) text() string {
	switch v := d.Value.(type) {
	case string:
		return v
	case nil:
		return ""
	default:
		b, err := json.Marshal(v)
		if err != nil {
			return ""
		}
		return string(b)
	}
}

type messageAnswer struct {
	Code  platform.Code `json:"errcode"`
	Text  string        `json:"errmsg"`
	MsgID int64         `json:"msgid"`
}

// serveTemplate is /cgi-bin/message/template/send. A client_msg_id that has been
// delivered to the same follower is answered with the first message's id again.
func serveTemplate(r *request) answer {
	var t templateRequest
	bad := !r.decode(&t)
	r.line.OpenID, r.line.ClientMsgID = t.ToUser, t.ClientMsgID
	relation := r.acc.Relation(t.ToUser)
	switch {
	case r.breaks("json", bad),
		r.breaks("openid-foreign", relation == platform.Foreign),
		r.breaks("template-unknown", !r.hasTemplate(t.TemplateID)),
		r.breaks("template-subscribe", relation == platform.Stranger),
		r.breaks("template-data", len(t.Data) == 0):
		return r.refusal()
	}
	names := slices.Sorted(maps.Keys(t.Data))
	var shown []string
	for _, name := range names {
		text := t.Data[name].text()
		if r.breaks("template-data", strings.TrimSpace(text) == "") {
			return answer{code: refusals[r.rule], detail: "argument invalid! data." + name + ".value is empty"}
		}
		shown = append(shown, name+": "+text)
	}
	if !r.acc.TakeCall(r.URL.Path, r.now, r.p.Limits.TemplatePerDay) {
		return refuse(platform.CodeDayQuota)
	}
	id, repeated := r.acc.SendOnce(t.ToUser, t.ClientMsgID, r.now, r.p.Limits.ClientMsgIDLife, r.p.NextMsgID)
	r.line.MsgID = strconv.FormatInt(id, 10)
	r.line.Effect = ledger.EffectRepeated
	if !repeated {
		r.line.Effect = ledger.EffectDelivered
		r.line.Content = strings.Join(shown, "\n")
		if b := platform.Part[book](r.acc); !b.isBlack(t.ToUser) {
			r.tellPhone(t.ToUser, message.Shown{Kind: "template", Title: t.TemplateID, Text: r.line.Content, URL: t.URL})
		}
		r.tellTemplate(t.ToUser, r.line.MsgID)
	}
	return answer{fields: messageAnswer{platform.CodeOK, platform.CodeOK.Text(), id}}
}

// tellTemplate reports how a template message ended. Reports have distinct numbers, two of
// one follower in one second too.
func (r *request) tellTemplate(openID, msgID string) {
	status := "success"
	if b := platform.Part[book](r.acc); b.isBlack(openID) {
		status = "failed:user block"
	}
	r.s.tell(r.acc, message.Message{
		OpenID: openID, Event: "TEMPLATESENDJOBFINISH", MsgID: msgID, Fields: []message.Field{{Name: "Status", Value: status}},
	})
}
