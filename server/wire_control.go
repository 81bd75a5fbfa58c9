package server

import (
	"errors"

	"oalab/server/internal/cache"
	"oalab/server/internal/callback"
	"oalab/server/internal/config"
	"oalab/server/internal/control"
	controlstore "oalab/server/internal/control/store"
	"oalab/server/internal/part"
	"oalab/server/internal/signedapi"
)

// control gives app servers and other systems the tokens, tickets and settings of accounts.
func (b *build) control() (part.Part, error) {
	if len(b.cfg.API.Apps) == 0 {
		return part.Part{}, nil
	}
	var err error
	db := ask(&err, b.core)
	redis := ask(&err, b.redis)
	tokens := ask(&err, b.tokens)
	tickets := ask(&err, b.tickets)
	if err != nil {
		return part.Part{}, err
	}
	nonces := b.planted.nonces(signedapi.Both{Own: signedapi.NewMemory(), Shared: cache.NewNonces(redis)})
	verifier, err := signedapi.NewVerifier(b.cfg.API.Apps, nonces, b.reg)
	if err != nil {
		return part.Part{}, err
	}
	api, err := control.New(control.Config{
		Tokens: tokens, Tickets: tickets, Store: controlstore.New(db), Find: b.basics(), Judge: judgeSettings,
		Tell: cache.NewNews(redis).Tell, Verifier: verifier, Log: b.log,
		Members: b.cfg.Control.Members(), Self: b.cfg.Control.Self,
	})
	if err != nil {
		return part.Part{}, err
	}
	p := part.Part{Name: "control", Routes: api.Routes()}
	if b.cfg.WeChat.APIBase != "" {
		p.Loops = []part.Loop{{Name: "ticket refresh", Run: tickets.Run}}
	}
	return p, b.openReads(api)
}

// judgeSettings judges the settings that this system uses itself.
func judgeSettings(s control.Settings) error {
	f := &config.Faults{}
	callback.Texts{Welcome: s["welcome"], Default: s["default_answer"]}.Validate(f, "settings")
	var all []error
	for _, fault := range f.List {
		all = append(all, fault)
	}
	return errors.Join(all...)
}
