package server

import (
	"fmt"
	"time"

	"oalab/server/internal/bind"
	bindstore "oalab/server/internal/bind/store"
	bindingstore "oalab/server/internal/binding/store"
	"oalab/server/internal/cache"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/part"
	"oalab/server/internal/reply"
)

// What stands between the binding in the chat, its stores and the carrier.
var (
	_ bind.Store    = (*bindstore.Store)(nil)
	_ bind.Bindings = (*bindingstore.Store)(nil)
	_ bind.Carrier  = (*carrierapi.Client)(nil)
)

// binding lets followers bind their number in the chat.
func (b *build) binding() (part.Part, error) {
	var err error
	db := ask(&err, b.stores)
	redis := ask(&err, b.redis)
	carrier := ask(&err, b.carrier)
	if err != nil {
		return part.Part{}, err
	}
	wait := time.Duration(b.cfg.Callback.InlineWait)
	replies, err := reply.New(db.replies, b.planted.replies(cache.NewReplies(redis)), wait)
	if err != nil {
		return part.Part{}, fmt.Errorf("bind: %w", err)
	}
	var asked bind.Carrier
	if carrier != nil {
		asked = carrier
	}
	cfg := bind.Config{Limits: b.cfg.Bind.Limits(), Wait: wait, Changed: cache.NewNews(redis).Tell}
	service, err := bind.New(cfg, bindstore.New(db.db), db.bindings, asked, replies, b.log)
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Name: "bind", Answers: service.Answers(), Private: bind.Private}, nil
}
