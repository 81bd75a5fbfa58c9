package server

import (
	"time"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/reply"
	topupstore "oalab/server/internal/topup/store"
	"oalab/server/internal/wechatapi"
)

// What the features need of what they share.
var (
	_ business.WeChat = (*wechatapi.Client)(nil)
	_ reply.Cache     = (*cache.Replies)(nil)
	_ business.Recent = (*cache.Recent)(nil)
)

// orders is the business service.
func (b *build) orders() (*business.Service, error) { return shared(b, "business", b.openOrders) }

// openOrders makes the business service.
func (b *build) openOrders() (*business.Service, error) {
	var err error
	db := ask(&err, b.stores)
	queue := ask(&err, b.queue)
	redis := ask(&err, b.redis)
	platform := ask(&err, b.wechat)
	ask(&err, b.tokens) // messages are sent with them
	carrier := ask(&err, b.carrier)
	phones := ask(&err, b.phones)
	zone := ask(&err, b.zone)
	if err != nil {
		return nil, err
	}
	cfg := b.businessConfig()
	cfg.Zone, cfg.Replies = zone, b.planted.replies(cache.NewReplies(redis))
	if life := time.Duration(b.cfg.Orders.QueryCache); life > 0 {
		cfg.Recent = b.planted.recent(cache.NewRecent(redis, life))
	}
	if held, ok := queue.(holding); ok {
		cfg.Tells, cfg.Holding = held, held
	}
	var asked business.Carrier
	if carrier != nil {
		asked = carrier
	}
	cfg.MoneyEnded = moneyEnded(topupstore.New(db.db))
	kept := business.Stores{Orders: db.orders, Replies: db.replies, Phones: phones, Waiting: db.outbox}
	return business.New(cfg, b.planted.stores(kept, queue), b.planted.carrier(asked), platform, b.log, b.reg)
}
