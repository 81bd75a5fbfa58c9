package wechatapi

import (
	"slices"

	"oalab/server/internal/config"
)

// Settings says where the platform is. An empty address means that the server
// never calls it.
type Settings struct {
	// APIBase is the address of the platform's APIs, such as https://api.weixin.qq.com.
	APIBase string `yaml:"api_base"`
	// OpenBase is that of its login pages, such as https://open.weixin.qq.com; without it no follower can log in.
	OpenBase string `yaml:"open_base"`
	// PayBase is that of its payments, such as https://api.mch.weixin.qq.com.
	PayBase string `yaml:"pay_base"`
	// JSBase is where pages load the platform's script from, such as https://res.wx.qq.com:
	// their Content-Security-Policy allows it, and allows its pages to show them in a frame, as
	// the mock's phone does. Empty means that pages load no script of the platform.
	JSBase string `yaml:"js_base"`
	// TokenAPI is where access tokens come from: stable_token (also when empty) or token.
	TokenAPI string `yaml:"token_api"`
}

// Where access tokens come from.
const (
	TokenStable  = "stable_token" // /cgi-bin/stable_token repeats a token until it is nearly over
	TokenReplace = "token"        // /cgi-bin/token gives a new one at every call
)

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	f.Address("wechat.api_base", s.APIBase)
	if !slices.Contains([]string{"", TokenStable, TokenReplace}, s.TokenAPI) {
		f.Add("wechat.token_api", "%q is none of %s, %s", s.TokenAPI, TokenStable, TokenReplace)
	}
	f.Address("wechat.open_base", s.OpenBase)
	f.Address("wechat.pay_base", s.PayBase)
	f.Origin("wechat.js_base", s.JSBase)
}
