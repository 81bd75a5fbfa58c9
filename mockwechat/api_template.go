package mockwechat

import (
	"encoding/json"
	"maps"
	"slices"
	"strconv"
	"strings"

	"oalab/mockwechat/ledger"
)

type templateRequest struct {
	ToUser      string                  `json:"touser"`
	TemplateID  string                  `json:"template_id"`
	Data        map[string]templateData `json:"data"`
	ClientMsgID string                  `json:"client_msg_id"`
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
	Code  Code   `json:"errcode"`
	Text  string `json:"errmsg"`
	MsgID int64  `json:"msgid"`
}

// serveTemplate is /cgi-bin/message/template/send. A client_msg_id that has been
// delivered to the same follower is answered with the first message's id again.
func serveTemplate(r *request) answer {
	var t templateRequest
	if !r.decode(&t) {
		return refuse(CodeDataFormat)
	}
	r.line.OpenID, r.line.ClientMsgID = t.ToUser, t.ClientMsgID
	relation := r.acc.relation(t.ToUser)
	switch {
	case relation == relationForeign:
		return refuse(CodeInvalidOpenID)
	case !r.acc.hasTemplate(t.TemplateID):
		return refuse(CodeInvalidTemplate)
	case relation == relationStranger:
		return refuse(CodeRequireSubscribe)
	}
	if len(t.Data) == 0 {
		return answer{code: CodeArgument, detail: "argument invalid! data invalid"}
	}
	names := slices.Sorted(maps.Keys(t.Data))
	var shown []string
	for _, name := range names {
		text := t.Data[name].text()
		if strings.TrimSpace(text) == "" {
			return answer{code: CodeArgument, detail: "argument invalid! data." + name + ".value is empty"}
		}
		shown = append(shown, name+": "+text)
	}
	if !r.acc.take(&r.acc.templateDay, r.now, r.p.limits.TemplatePerDay) {
		return refuse(CodeDayQuota)
	}
	r.acc.mu.Lock()
	id, repeated := r.acc.sent.once(sentKey{t.ToUser, t.ClientMsgID}, r.now, r.p.limits.ClientMsgIDLife, r.p.nextMsgID)
	r.acc.mu.Unlock()
	r.line.MsgID = strconv.FormatInt(id, 10)
	r.line.Effect = ledger.EffectRepeated
	if !repeated {
		r.line.Effect = ledger.EffectDelivered
		r.line.Content = strings.Join(shown, "\n")
	}
	return answer{fields: messageAnswer{CodeOK, CodeOK.Text(), id}}
}
