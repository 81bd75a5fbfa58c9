package server

import (
	"context"

	"oalab/server/internal/cache"
	"oalab/server/internal/control"
	"oalab/server/internal/part"
	"oalab/server/internal/token"
	tokenstore "oalab/server/internal/token/store"
	"oalab/server/internal/wechatapi"
)

// refresher keeps access tokens young.
type refresher interface {
	control.Keeper
	wechatapi.Tokens
	Run(ctx context.Context) error
}

// tokens keeps the access tokens of the platform client.
func (b *build) tokens() (refresher, error) { return shared(b, "tokens", b.openTokens) }

// openTokens makes the keeper of, or asks control nodes for, the access tokens that the platform client sends its
// messages with.
func (b *build) openTokens() (refresher, error) {
	if b.asksNodes() {
		return b.tokensOfNodes()
	}
	var err error
	db := ask(&err, b.core)
	redis := ask(&err, b.redis)
	platform := ask(&err, b.wechat)
	if err != nil {
		return nil, err
	}
	cfg := b.keeping(token.KindAccess)
	cfg.Replace = b.cfg.WeChat.TokenAPI == wechatapi.TokenReplace
	keeper, err := b.planted.keeper(cfg, tokenstore.New(db), cache.NewTokens(redis), platform, b.log, b.reg)
	if err != nil {
		return nil, err
	}
	b.stops.push("token keeper", func(context.Context) error { keeper.Close(); return nil })
	platform.UseTokens(keeper)
	return keeper, nil
}

// tokenRefresh renews tokens before they end, once for all roles.
func (b *build) tokenRefresh() (part.Part, error) {
	keeper, err := b.tokens()
	if err != nil || b.cfg.WeChat.APIBase == "" || b.renewing {
		return part.Part{}, err
	}
	b.renewing = true
	return part.Part{Loops: []part.Loop{{Name: "token refresh", Run: keeper.Run}}}, nil
}
