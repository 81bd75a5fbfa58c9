package server

import (
	"context"

	"oalab/server/internal/cache"
	"oalab/server/internal/token"
	tokenstore "oalab/server/internal/token/store"
	"oalab/server/internal/wechatapi"
)

// tickets keeps the jsapi tickets of the JSSDK.
func (b *build) tickets() (refresher, error) { return shared(b, "tickets", b.openTickets) }

// openTickets makes the keeper of the jsapi tickets. A ticket is fetched when a page needs one.
func (b *build) openTickets() (refresher, error) {
	if b.asksNodes() {
		nodes, err := b.nodes()
		if err != nil {
			return nil, err
		}
		return nodes.Tickets(), nil
	}
	var err error
	db := ask(&err, b.core)
	redis := ask(&err, b.redis)
	platform := ask(&err, b.wechat)
	_ = ask(&err, b.tokens) // tickets are asked for with them
	if err != nil {
		return nil, err
	}
	keeper, err := token.New(b.keeping(token.KindTicket), tokenstore.New(db), cache.NewTokens(redis), wechatapi.NewTickets(platform), b.log, b.reg)
	if err != nil {
		return nil, err
	}
	b.stops.push("ticket keeper", func(context.Context) error { keeper.Close(); return nil })
	return keeper, nil
}
