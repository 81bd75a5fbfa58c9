package api

import (
	"encoding/json"
	"strings"

	"oalab/mockwechat/ledger"
	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// customFields are the fields that each type of a customer-service message may
// not leave empty.
var customFields = map[string][]string{
	"text":            {"content"},
	"image":           {"media_id"},
	"voice":           {"media_id"},
	"mpnews":          {"media_id"},
	"video":           {"media_id"},
	"music":           {"musicurl", "thumb_media_id"},
	"news":            {"articles"},
	"mpnewsarticle":   {"article_id"},
	"msgmenu":         {"list"},
	"wxcard":          {"card_id"},
	"miniprogrampage": {"appid", "pagepath", "thumb_media_id"},
}

// serveCustom is /cgi-bin/message/custom/send.
func serveCustom(r *request) answer {
	var head struct {
		ToUser  string `json:"touser"`
		MsgType string `json:"msgtype"`
	}
	var all map[string]json.RawMessage
	bad := !r.decode(&head) || !r.decode(&all)
	r.line.OpenID = head.ToUser
	required, known := customFields[head.MsgType]
	var object map[string]any
	shapeless := json.Unmarshal(all[head.MsgType], &object) != nil
	switch {
	case r.breaks("json", bad),
		r.breaks("openid-foreign", r.acc.Relation(head.ToUser) == platform.Foreign),
		r.breaks("custom-type", !known),
		r.breaks("json", shapeless):
		return r.refusal()
	}
	for _, name := range required {
		if r.customField(head.MsgType, name, object[name]) {
			return r.refusal()
		}
	}
	if !r.acc.TakeCall(r.URL.Path, r.now, r.p.Limits.CustomPerDay) {
		return refuse(platform.CodeDayQuota)
	}
	if code := r.acc.Spend(head.ToUser, r.now); code != platform.CodeOK {
		return refuse(code)
	}
	r.line.Effect = ledger.EffectDelivered
	r.tellPhone(head.ToUser, r.showObject(head.MsgType, all[head.MsgType]))
	r.line.Content = string(all[head.MsgType])
	if head.MsgType == "text" {
		r.line.Content, _ = object["content"].(string)
	}
	return answer{}
}

// customField says whether a field breaks a rule of its type.
func (r *request) customField(msgType, name string, value any) bool {
	filled := false
	switch v := value.(type) {
	case string:
		filled = strings.TrimSpace(v) != "" && name != "articles" && name != "list"
		if r.breaks("custom-text-size", msgType == "text" && len(v) > message.MaxText) {
			return true
		}
	case []any:
		filled = (name == "articles" && len(v) == 1) || (name == "list" && len(v) > 0)
	}
	switch {
	case msgType == "text":
		return r.breaks("custom-text-empty", !filled)
	case msgType == "news":
		return r.breaks("custom-news", !filled)
	case strings.HasSuffix(name, "media_id"):
		media, _ := value.(string)
		return r.breaks("custom-media", !filled || !r.hasMedia(media))
	}
	return r.breaks("custom-args", !filled)
}

// serveTyping is /cgi-bin/message/custom/typing.
func serveTyping(r *request) answer {
	var t struct {
		ToUser  string `json:"touser"`
		Command string `json:"command"`
	}
	bad := !r.decode(&t)
	r.line.OpenID = t.ToUser
	switch {
	case r.breaks("json", bad),
		r.breaks("openid-foreign", r.acc.Relation(t.ToUser) == platform.Foreign),
		r.breaks("typing-command", t.Command != "Typing" && t.Command != "CancelTyping"):
		return r.refusal()
	}
	typing, idle := r.acc.Typing(t.ToUser, t.Command == "Typing", r.now)
	switch {
	case r.breaks("typing-idle", idle), r.breaks("typing-already", typing):
		return r.refusal()
	}
	return answer{}
}
