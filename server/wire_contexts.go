package server

import (
	"cmp"
	"context"

	"oalab/server/internal/callback"
	"oalab/server/internal/control"
	controlstore "oalab/server/internal/control/store"
	"oalab/server/internal/message"
)

var _ message.Table = (*control.Stored)(nil)

// contexts are the settings of accounts that this server has in memory.
func (b *build) contexts() (*control.Contexts, error) { return shared(b, "contexts", b.openContexts) }

func (b *build) openContexts() (*control.Contexts, error) {
	db, err := b.core()
	if err != nil {
		return nil, err
	}
	names := b.accountNames()
	return control.NewContexts(controlstore.New(db), b.cfg.Tokens.Capacity, names[:min(len(names), b.cfg.Tokens.Always)]...)
}

// texts are those of the settings, and where an account has none there, those of the file.
func (b *build) texts(contexts *control.Contexts) callback.TextsOf {
	file := make(map[string]callback.Texts, len(b.cfg.Accounts))
	for _, a := range b.cfg.Accounts {
		file[a.Name] = callbackTexts(a)
	}
	return func(ctx context.Context, m *message.Asked) (callback.Texts, error) {
		stored, err := contexts.Get(ctx, m.Account)
		if err != nil {
			return callback.Texts{}, err
		}
		own, set := file[m.Account], stored.At(m.Moments.Moment(ctx, m, stored))
		return callback.Texts{
			Default: cmp.Or(set["default_answer"], own.Default), Welcome: cmp.Or(set["welcome"], own.Welcome),
		}, nil
	}
}

// basics finds the basic data of an account.
func (b *build) basics() func(account string) (control.Account, bool) {
	all := make(map[string]control.Account, len(b.cfg.Accounts))
	for _, a := range b.cfg.Accounts {
		all[a.Name] = control.Account{Name: a.Name, AppID: a.AppID, OriginalID: a.OriginalID, Mode: cmp.Or(a.Mode, "plain")}
	}
	return func(account string) (control.Account, bool) {
		found, known := all[account]
		return found, known
	}
}
