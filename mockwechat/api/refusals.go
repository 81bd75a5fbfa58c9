package api

import (
	"errors"
	"maps"
	"slices"

	"oalab/mockwechat/platform"
)

// refusals are the platform's rules by name, each with the code by which a call that breaks
// it is refused (MOCKW-5). For every rule there is a wrong client in wrong_test.go.
var refusals = map[string]platform.Code{
	// every call
	"verb-post": 43002, "verb-get": 43001, "body-empty": 44002, "json": 47001, "token-dead": 40001,
	"api-unauthorized": 48001, "quota-day": 45009,
	// tokens and tickets
	"appid-missing": 41002, "appid-unknown": 40013, "grant-type": 40002, "secret-missing": 41004, "secret-wrong": 40125,
	"secret-frozen": 40243, "ip-whitelist": 40164, "ticket-type": 40097, "clear-appid": 40013, "clear-month": 48006,
	"check-action": 40097, "cgi-path": 40097,
	// third-party platforms
	"component-none": 61011, "component-ip": 61004, "component-ticket": 61006, "component-ticket-old": 61005, "component-other": 40013,
	"component-token": 61014, "account-token": 61015, "component-plain": 61024, "component-right": 61007, "component-refresh": 61023,
	"authorizer": 61003, "authorizer-page": 40097, "auth-code": 61009, "auth-code-old": 61010, "auth-code-used": 61009,
	"option-name": 61012, "option-value": 61013,
	// web login and mini-program login
	"code-missing": 41008, "code-unknown": 40029, "code-used": 40163, "code-expired": 42003, "refresh-missing": 41003,
	"refresh-unknown": 40030, "refresh-expired": 42002, "web-token": 40001, "web-token-expired": 42001, "web-openid": 40003,
	"web-scope": 48001,
	// followers, tags, black list
	"openid-foreign": 40003, "openid-list": 40031, "openid-list-size": 40032, "next-openid": 40003, "remark-size": 45058,
	"tag-name-empty": 45157, "tag-name-twice": 45157, "tag-name-long": 45158, "tag-unknown": 45159, "tag-system": 45058,
	"tag-count": 45056, "tag-per-user": 45059,
	// menus
	"menu-buttons": 40016, "menu-name": 40018, "menu-type": 40017, "menu-key": 40019, "menu-url": 40020,
	"menu-subs": 40023, "menu-sub-level": 40022, "menu-sub-name": 40025, "menu-sub-type": 40024, "menu-sub-key": 40026,
	"menu-sub-url": 40027, "menu-none": 46003, "menu-no-default": 65303, "menu-rule-empty": 65304, "menu-id": 65301,
	"menu-user": 65302,
	// template messages
	"template-unknown": 40037, "template-subscribe": 43004, "template-data": 47003, "template-short": 40036,
	"template-count": 45026, "industry": 40102,
	// customer-service messages
	"custom-type": 40008, "custom-text-empty": 44004, "custom-text-size": 45002, "custom-news": 44003, "custom-media": 40007,
	"custom-args": 40097, "typing-command": 45072, "typing-idle": 45080, "typing-already": 45081,
	// media and material
	"media-type": 40004, "media-missing": 41005, "media-empty": 44001, "media-size": 45001, "media-format": 40005,
	"media-id": 40007, "media-id-missing": 41006, "image-format": 40137, "article-title": 45003, "article-thumb": 40007,
	"article-content": 44004, "article-count": 45008, "batch-count": 40097, "publish-id": 53600,
	// QR codes and short keys
	"qr-action": 40053, "qr-scene": 40129, "qr-expire": 40097, "short-data": 40097, "short-expire": 40097, "short-key": 40097,
	// mass sending
	"mass-type": 40008, "mass-openids": 40130, "mass-tag": 40050, "mass-quota": 45028, "mass-clientmsgid": 45067,
	"mass-repeat": 45065, "mass-msg-id": 40059, "mass-content": 44004, "mass-media": 40007, "mass-speed": 45083,
	// customer service
	"kf-account": 65401, "kf-account-form": 40097, "kf-exists": 65406, "kf-nick": 65403, "kf-count": 65405,
	"kf-session": 65413, "kf-other": 65414, "kf-records": 65416, "kf-span": 65417, "kf-wx": 65409,
}

// Rules are the names of all rules by which calls are refused, sorted.
func Rules() []string { return slices.Sorted(maps.Keys(refusals)) }

// RefusalOf is the code of a rule, and false when no rule has that name.
func RefusalOf(rule string) (platform.Code, bool) {
	code, ok := refusals[rule]
	return code, ok
}

var errNoRule = errors.New("no such rule")

// breaks notes that a call breaks a rule and reports it. A rule that is not enforced is
// never broken.
func (r *request) breaks(rule string, broken bool) bool {
	if !broken || r.s.lenient[rule] {
		return false
	}
	if _, ok := refusals[rule]; !ok {
		panic(errNoRule) // a mistake in this package
	}
	r.rule = rule
	return true
}

// refusal is the answer to the rule that is broken.
func (r *request) refusal() answer { return refuse(refusals[r.rule]) }

// Paths are the paths of all APIs, sorted.
func Paths() []string { return slices.Sorted(maps.Keys(endpointTable())) }
