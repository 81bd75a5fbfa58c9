package server

import (
	"context"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/business"
	"oalab/server/internal/cache"
	"oalab/server/internal/control"
	"oalab/server/internal/job"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/wechatapi"
)

// What stands between the token keeper, the cache and the features.
var (
	_ control.Store    = (*sqlstore.DB)(nil)
	_ control.Cache    = (*cache.Tokens)(nil)
	_ control.Platform = (*wechatapi.Client)(nil)
	_ wechatapi.Tokens = (*control.Keeper)(nil)
	_ business.Replies = (*cache.Replies)(nil)
)

// newCache makes the client of Redis, or the instance in this process.
func (s *Server) newCache(reg prometheus.Registerer) (*cache.Client, error) {
	client, err := cache.New(redisConfig(s.cfg), reg)
	if err != nil {
		return nil, err
	}
	s.stops.push("cache", func(context.Context) error { return client.Close() })
	return client, nil
}

func redisConfig(cfg Config) cache.Config {
	return cache.Config{
		Addr: cfg.Redis.Addr, Sentinels: cfg.Redis.Sentinels, Master: cfg.Redis.MasterName, Password: string(cfg.Redis.Password),
	}
}

// newKeeper makes the keeper of the access tokens that the platform client sends
// its messages with.
func (s *Server) newKeeper(db *sqlstore.DB, redis *cache.Client, wechat *wechatapi.Client, reg prometheus.Registerer) error {
	cfg := control.Config{
		Replace: s.cfg.WeChat.TokenAPI == TokenReplace,
		Seed:    uint64(time.Now().UnixNano()),
		Defects: job.Defects(s.cfg.Defects),
	}
	for _, a := range s.cfg.Accounts {
		cfg.Accounts = append(cfg.Accounts, control.Account{Name: a.Name, Lifetime: time.Duration(a.TokenLifetime) * time.Second})
	}
	keeper, err := control.New(cfg, db, cache.NewTokens(redis), wechat, s.log, reg)
	if err != nil {
		return err
	}
	s.stops.push("token keeper", func(context.Context) error { keeper.Close(); return nil })
	wechat.UseTokens(keeper)
	s.keepTokens = keeper.Run
	return nil
}
