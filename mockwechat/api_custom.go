package mockwechat

import (
	"encoding/json"
	"strings"

	"oalab/mockwechat/ledger"
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

// maxCustomText is the longest customer-service text, in bytes.
const maxCustomText = 2048

// serveCustom is /cgi-bin/message/custom/send.
func serveCustom(r *request) answer {
	var head struct {
		ToUser  string `json:"touser"`
		MsgType string `json:"msgtype"`
	}
	var all map[string]json.RawMessage
	if !r.decode(&head) || !r.decode(&all) {
		return refuse(CodeDataFormat)
	}
	r.line.OpenID = head.ToUser
	if r.acc.relation(head.ToUser) == relationForeign {
		return refuse(CodeInvalidOpenID)
	}
	required, known := customFields[head.MsgType]
	if !known {
		return refuse(CodeInvalidMessageType)
	}
	var object map[string]any
	if raw := all[head.MsgType]; len(raw) == 0 || json.Unmarshal(raw, &object) != nil {
		return refuse(CodeDataFormat)
	}
	for _, name := range required {
		if code := checkCustomField(head.MsgType, name, object[name]); code != CodeOK {
			return refuse(code)
		}
	}
	if !r.acc.take(&r.acc.customDay, r.now, r.p.limits.CustomPerDay) {
		return refuse(CodeDayQuota)
	}
	if code := r.acc.spend(head.ToUser, r.now); code != CodeOK {
		return refuse(code)
	}
	r.line.Effect = ledger.EffectDelivered
	r.line.Content = string(all[head.MsgType])
	if head.MsgType == "text" {
		r.line.Content, _ = object["content"].(string)
	}
	return answer{}
}

func checkCustomField(msgType, name string, value any) Code {
	switch v := value.(type) {
	case string:
		if strings.TrimSpace(v) != "" && name != "articles" && name != "list" {
			if msgType == "text" && len(v) > maxCustomText {
				return CodeContentSize
			}
			return CodeOK
		}
	case []any:
		if (name == "articles" && len(v) == 1) || (name == "list" && len(v) > 0) {
			return CodeOK
		}
	}
	switch {
	case msgType == "text":
		return CodeEmptyContent
	case msgType == "news":
		return CodeEmptyNews
	case strings.HasSuffix(name, "media_id"):
		return CodeInvalidMedia
	}
	return CodeInvalidArgs
}
