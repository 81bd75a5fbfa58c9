package server

import (
	"context"
	"time"

	"oalab/server/internal/token"
)

// keeping is what keepers of all kinds have in common: the first accounts are always kept, the
// others while they are asked for.
func (b *build) keeping(kind token.Kind) token.Config {
	cfg := token.Config{Kind: kind, Capacity: b.cfg.Tokens.Capacity, Seed: uint64(time.Now().UnixNano())}
	others := make(map[string]token.Account)
	for i, a := range b.cfg.Accounts {
		account := token.Account{Name: a.Name}
		if kind == token.KindAccess {
			account.Lifetime = time.Duration(a.TokenLifetime) * time.Second
		}
		if i < b.cfg.Tokens.Always {
			cfg.Accounts = append(cfg.Accounts, account)
		} else {
			others[a.Name] = account
		}
	}
	cfg.Find = func(_ context.Context, name string) (token.Account, error) {
		account, known := others[name]
		if !known {
			return account, token.ErrNoAccount
		}
		return account, nil
	}
	return cfg
}
