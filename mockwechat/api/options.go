package api

import (
	"slices"
	"sync"

	"oalab/mockwechat/platform"
)

// options are the settings of an account that a third-party platform may change. The zero value
// has the platform's defaults.
type options struct {
	mu     sync.Mutex
	values map[string]string
}

// optionValues are the values that an option can have; the first is the default.
var optionValues = map[string][]string{
	"location_report":  {"0", "1", "2"},
	"voice_recognize":  {"0", "1"},
	"customer_service": {"0", "1"},
}

// serveOption is /cgi-bin/component/api_get_authorizer_option.
func serveOption(r *request) answer {
	c, a, ok := r.option()
	if !ok {
		return r.refusal()
	}
	value := ""
	if a != nil {
		o := platform.Part[options](a)
		o.mu.Lock()
		defer o.mu.Unlock()
		value = o.values[c.OptionName]
	}
	if known := optionValues[c.OptionName]; value == "" && len(known) > 0 {
		value = known[0]
	}
	return answer{fields: map[string]any{"authorizer_appid": c.AuthorizerAppID, "option_name": c.OptionName, "option_value": value}}
}

// serveSetOption is /cgi-bin/component/api_set_authorizer_option.
func serveSetOption(r *request) answer {
	c, a, ok := r.option()
	if !ok || r.breaks("option-value", !slices.Contains(optionValues[c.OptionName], c.OptionValue)) {
		return r.refusal()
	}
	if a == nil {
		return answer{}
	}
	o := platform.Part[options](a)
	o.mu.Lock()
	defer o.mu.Unlock()
	if o.values == nil {
		o.values = map[string]string{}
	}
	o.values[c.OptionName] = c.OptionValue
	return answer{}
}

func (r *request) option() (componentBody, *platform.Official, bool) {
	c, ok := r.component()
	if !ok {
		return c, nil, false
	}
	a, _, ok := r.authorizer(c.AuthorizerAppID)
	if !ok || r.breaks("option-name", optionValues[c.OptionName] == nil) {
		return c, nil, false
	}
	return c, a, true
}
