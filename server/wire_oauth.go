package server

import (
	"time"

	"oalab/server/internal/oauth"
	oauthstore "oalab/server/internal/oauth/store"
	"oalab/server/internal/part"
	"oalab/server/internal/wechatapi"
)

// What stands between the login, its stores and the platform.
var (
	_ oauth.Users    = (*oauthstore.Store)(nil)
	_ oauth.Platform = (*wechatapi.Client)(nil)
)

// login is the web login of followers.
func (b *build) login() (part.Part, error) {
	service, err := b.logins()
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Name: "oauth", Routes: b.planted.logins(service)}, nil
}

// logins knows who is logged in.
func (b *build) logins() (*oauth.Service, error) { return shared(b, "login", b.openLogins) }

// openLogins makes the web login.
func (b *build) openLogins() (*oauth.Service, error) {
	var err error
	db := ask(&err, b.core)
	platform := ask(&err, b.wechat)
	tickets := ask(&err, b.tickets)
	if err != nil {
		return nil, err
	}
	keys, err := b.loginKeys()
	if err != nil {
		return nil, err
	}
	sessions, loops, err := b.loginSessions()
	if err != nil {
		return nil, err
	}
	b.mount(part.Part{Loops: loops})
	cfg := oauth.Config{Settings: b.cfg.OAuth, OpenBase: b.cfg.WeChat.OpenBase, Keys: keys, Named: nameFollower(db), Seed: uint64(time.Now().UnixNano())}
	for _, a := range b.cfg.Accounts {
		cfg.Accounts = append(cfg.Accounts, oauth.Account{Name: a.Name, AppID: a.AppID})
	}
	return oauth.New(cfg, b.planted.sessions(sessions), oauthstore.New(db), b.planted.grants(platform), tickets, b.log, b.reg)
}
