package server

import (
	"fmt"
	"time"

	"oalab/server/internal/callback"
	"oalab/server/internal/part"
	"oalab/server/internal/web"
)

// callback answers the platform, by what the parts before it answer and listen to.
func (b *build) callback() (part.Part, error) {
	var err error
	users := ask(&err, b.userLog)
	copies := ask(&err, b.copies)
	cfg := ask(&err, b.callbackConfig)
	if err != nil {
		return part.Part{}, err
	}
	cfg.UserLog, cfg.Current = users, copies.Current
	for _, p := range b.parts {
		cfg.Answers = append(cfg.Answers, p.Answers...)
		cfg.Listens = append(cfg.Listens, p.Listens...)
		if p.Private != nil {
			cfg.Private = append(cfg.Private, p.Private)
		}
	}
	handler, err := callback.New(b.planted.callback(cfg), b.log, b.reg)
	if err != nil {
		return part.Part{}, fmt.Errorf("make the callback: %w", err)
	}
	b.planted.handler(handler)
	return part.Part{Name: "callback", Routes: handler.Routes(), Stop: handler.Drain}, nil
}

func (b *build) callbackConfig() (callback.Config, error) {
	cfg := callback.Config{
		Budget:    time.Duration(b.cfg.Callback.Budget),
		BodyLimit: int64(b.cfg.Callback.BodyLimit), MaxConcurrent: b.cfg.Callback.MaxConcurrent,
		Peer: web.Peer,
	}
	for _, a := range b.cfg.Accounts {
		account, err := callbackAccount(a)
		if err != nil {
			return callback.Config{}, err
		}
		cfg.Accounts = append(cfg.Accounts, account)
	}
	return cfg, nil
}
