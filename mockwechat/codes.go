package mockwechat

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
}

// Text is the platform's English text of a code.
func (c Code) Text() string {
	if t, ok := texts[c]; ok {
		return t
	}
	return fmt.Sprintf("error %d", int(c))
}

// body is the JSON of an error answer.
func (c Code) body(text string) []byte {
	b, err := json.Marshal(struct {
		Code Code   `json:"errcode"`
		Text string `json:"errmsg"`
	}{c, text})
	if err != nil { // cannot be: a number and a string
		return fmt.Appendf(nil, `{"errcode":%d,"errmsg":"error"}`, int(c))
	}
	return b
}
