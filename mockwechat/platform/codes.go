package platform

import (
	"encoding/json"
	"fmt"
)

// Code is an errcode of the platform.
type Code int

// The codes that the mock answers by its own rules. Any other can be injected.
const (
	CodeOK                 Code = 0
	CodeSystem             Code = -1
	CodeInvalidCredential  Code = 40001
	CodeInvalidGrantType   Code = 40002
	CodeInvalidOpenID      Code = 40003
	CodeInvalidMedia       Code = 40007
	CodeInvalidMessageType Code = 40008
	CodeInvalidAppID       Code = 40013
	CodeInvalidToken       Code = 40014
	CodeInvalidTemplate    Code = 40037
	CodeInvalidArgs        Code = 40097
	CodeInvalidSecret      Code = 40125
	CodeMissingToken       Code = 41001
	CodeMissingAppID       Code = 41002
	CodeMissingSecret      Code = 41004
	CodeTokenExpired       Code = 42001
	CodeRequireGet         Code = 43001
	CodeRequirePost        Code = 43002
	CodeRequireSubscribe   Code = 43004
	CodeEmptyPost          Code = 44002
	CodeEmptyNews          Code = 44003
	CodeEmptyContent       Code = 44004
	CodeContentSize        Code = 45002
	CodeDayQuota           Code = 45009
	CodeMinuteQuota        Code = 45011
	CodeOutOfWindow        Code = 45015
	CodeOutOfCount         Code = 45047
	CodeDataFormat         Code = 47001
	CodeArgument           Code = 47003
	CodeMediaSize          Code = 45001
	CodeUnauthorized       Code = 48001
)

// texts are the platform's own words; clients must go by the code.
var texts = map[Code]string{
	CodeOK:                 "ok",
	CodeSystem:             "system error",
	CodeInvalidCredential:  "invalid credential, access_token is invalid or not latest, could get access_token by getStableAccessToken",
	CodeInvalidGrantType:   "invalid grant_type",
	CodeInvalidOpenID:      "invalid openid",
	CodeInvalidMedia:       "invalid media_id",
	CodeInvalidMessageType: "invalid message type",
	CodeInvalidAppID:       "invalid appid",
	CodeInvalidToken:       "invalid access_token",
	40029:                  "invalid code",
	CodeInvalidTemplate:    "invalid template_id",
	CodeInvalidArgs:        "invalid args",
	CodeInvalidSecret:      "invalid appsecret",
	40164:                  "invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist",
	CodeMissingToken:       "access_token missing",
	CodeMissingAppID:       "appid missing",
	CodeMissingSecret:      "appsecret missing",
	CodeTokenExpired:       "access_token expired",
	CodeRequireGet:         "require GET method",
	CodeRequirePost:        "require POST method",
	CodeRequireSubscribe:   "require subscribe",
	43019:                  "require remove blacklist",
	43101:                  "user refuse to accept the msg",
	CodeEmptyPost:          "empty post data",
	CodeEmptyNews:          "empty news data",
	CodeEmptyContent:       "empty content",
	CodeContentSize:        "content size out of limit",
	CodeDayQuota:           "reach max api daily quota limit",
	CodeMinuteQuota:        "api minute-quota reach limit, mustslower, retry next minute",
	CodeOutOfWindow:        "response out of time limit or subscription is canceled",
	CodeOutOfCount:         "out of response count limit",
	CodeDataFormat:         "data format error",
	CodeArgument:           "argument invalid!",
	CodeUnauthorized:       "api unauthorized",
	48002:                  "user block receive message",
	50002:                  "user limited",
	40004:                  "invalid media type",
	40005:                  "invalid file type",
	40006:                  "invalid meida size",
	40016:                  "invalid button size",
	40017:                  "invalid button type",
	40018:                  "invalid button name size",
	40019:                  "invalid button key size",
	40020:                  "invalid button url size",
	40022:                  "invalid sub_menu level",
	40023:                  "invalid sub button size",
	40024:                  "invalid sub button type",
	40025:                  "invalid sub button name size",
	40026:                  "invalid sub button key size",
	40027:                  "invalid sub button url size",
	40030:                  "invalid refresh_token",
	40031:                  "invalid openid list",
	40032:                  "invalid openid list size",
	40036:                  "invalid template_id size",
	40050:                  "invalid tag id",
	40053:                  "invalid action info, please check document",
	40059:                  "invalid msg id",
	40102:                  "invalid industry id",
	40129:                  "invalid scene",
	40130:                  "invalid openid list size, at least two openid",
	40137:                  "invalid image format",
	40163:                  "code been used",
	40243:                  "AppSecret has been frozen",
	41003:                  "refresh_token missing",
	41005:                  "media data missing",
	41006:                  "media_id missing",
	41008:                  "missing code",
	42002:                  "refresh_token expired",
	42003:                  "code expired",
	44001:                  "empty media data",
	45001:                  "media size out of limit",
	45003:                  "title size out of limit",
	45008:                  "article size out of limit",
	45026:                  "template num exceeds limit",
	45028:                  "has no masssend quota",
	45056:                  "too many tag now, no need to add new",
	45058:                  "can't modify sys tag",
	45059:                  "can not tagging one user too much",
	45065:                  "clientmsgid exist",
	45067:                  "clientmsgid size out of limit",
	45072:                  "invalid command",
	45080:                  "need sending message to user, or recving message from user in the last 30 seconds before typing",
	45081:                  "you are already typing",
	45083:                  "invalid speed",
	45157:                  "invalid tag name",
	45158:                  "tag name too long",
	45159:                  "invalid tag id",
	46003:                  "menu no exist",
	48006:                  "forbid to clear quota because of reaching the limit",
	53600:                  "Article ID invalid",
	61003:                  "component is not authorized by this account",
	61004:                  "access clientip is not registered",
	61005:                  "component ticket is expired",
	61006:                  "component ticket is invalid",
	61007:                  "api is unauthorized to component",
	61009:                  "code is invalid",
	61010:                  "code is expired",
	61011:                  "invalid component",
	61012:                  "invalid option name",
	61013:                  "invalid option value",
	61014:                  "must use component token for component api",
	61015:                  "must use biz account token for not component api",
	61023:                  "refresh_token is invalid",
	61024:                  "must use api(api_component_token) to get token for component acct",
	65301:                  "this menu is not conditionalmenu",
	65302:                  "no such user",
	65303:                  "there is no selfmenu, please create selfmenu first",
	65304:                  "match rule empty",
	65401:                  "invalid custom service account",
	65403:                  "illegal nickname",
	65405:                  "account number reach limit",
	65406:                  "account exists",
	65409:                  "wechat account invalid",
	65413:                  "no effective session for the customer",
	65414:                  "another worker is serving the customer",
	65416:                  "param invalid, please check",
	65417:                  "it is too long from the starttime to endtime",
}

// Text is the platform's English text of a code.
func (c Code) Text() string {
	if t, ok := texts[c]; ok {
		return t
	}
	return fmt.Sprintf("error %d", int(c))
}

// Body is the JSON of an error answer.
func (c Code) Body(text string) []byte {
	b, err := json.Marshal(struct {
		Code Code   `json:"errcode"`
		Text string `json:"errmsg"`
	}{c, text})
	if err != nil { // cannot be: a number and a string
		return fmt.Appendf(nil, `{"errcode":%d,"errmsg":"error"}`, int(c))
	}
	return b
}
