package phone

import (
	"maps"
	"slices"
)

// The rules of the JSSDK by name, each with what the page is told when it breaks it; the name of
// the API stands before it (MOCKW-5). Texts are those of the platform's page on the JSSDK,
// appendix 5. It names none for a missing appId and an empty jsApiList: these are our choice.
var refusals = map[string]string{
	"js-appid":        "invalid appId",
	"js-list":         "jsApiList is missing",
	"js-domain":       "invalid url domain",
	"js-signature":    "invalid signature",
	"js-denied":       "permission denied",
	"js-function":     "function not exist",
	"js-share-link":   "fail, link must belong to the domain of the page",
	"js-share-fields": "fail, title and link are needed",
}

// Rules are the names of all rules, sorted.
func Rules() []string { return slices.Sorted(maps.Keys(refusals)) }

// IsRule says whether a rule of the phone has a name.
func IsRule(name string) bool { return refusals[name] != "" }

// RefusalOf is what a page is told that breaks a rule.
func RefusalOf(rule string) string { return refusals[rule] }
