package cache

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"

	"oalab/server/internal/token"
)

// Tokens keeps the access token of each account for as long as it lives, so that
// a server that needs one need not ask the database. It is safe for concurrent use.
type Tokens struct{ client *Client }

// NewTokens makes a Tokens.
func NewTokens(c *Client) *Tokens { return &Tokens{client: c} }

func tokenKey(account string) string { return "oalab:token:" + account }

// Load returns the token kept for an account; false when none is known.
func (t *Tokens) Load(ctx context.Context, account string) (token.Token, bool) {
	var kept token.Token
	ok := t.client.visit(ctx, cacheTokens, resultHit, func(ctx context.Context) error {
		var value *redis.StringCmd
		var left *redis.DurationCmd
		// Together, or the life of the next token could be read for this one.
		if _, err := t.client.rdb.TxPipelined(ctx, func(p redis.Pipeliner) error {
			value, left = p.Get(ctx, tokenKey(account)), p.PTTL(ctx, tokenKey(account))
			return nil
		}); err != nil {
			return err
		}
		version, secret, found := strings.Cut(value.Val(), "|")
		number, err := strconv.ParseInt(version, 10, 64)
		if !found || err != nil || left.Val() <= 0 {
			return fmt.Errorf("token of account %s in the cache has an unknown form", account)
		}
		kept = token.Token{Value: secret, Version: number, Left: left.Val()}
		return nil
	})
	return kept, ok
}

// save keeps a token unless a later version is there already.
var save = redis.NewScript(`
local kept = redis.call('GET', KEYS[1])
if kept and tonumber(string.match(kept, '^%d+')) >= tonumber(ARGV[1]) then return 0 end
redis.call('SET', KEYS[1], ARGV[1] .. '|' .. ARGV[2], 'PX', ARGV[3])
return 1`)

// Save keeps a token that is committed in the database.
func (t *Tokens) Save(ctx context.Context, account string, next token.Token) {
	if next.Left < time.Millisecond {
		return
	}
	t.client.visit(ctx, cacheTokens, resultDone, func(ctx context.Context) error {
		return save.Run(ctx, t.client.rdb, []string{tokenKey(account)}, next.Version, next.Value, next.Left.Milliseconds()).Err()
	})
}

// drop forgets a token up to a version.
var drop = redis.NewScript(`
local kept = redis.call('GET', KEYS[1])
if kept and tonumber(string.match(kept, '^%d+')) <= tonumber(ARGV[1]) then return redis.call('DEL', KEYS[1]) end
return 0`)

// Drop forgets a token that is dead; a later version stays.
func (t *Tokens) Drop(ctx context.Context, account string, version int64) {
	t.client.visit(ctx, cacheTokens, resultDone, func(ctx context.Context) error {
		return drop.Run(ctx, t.client.rdb, []string{tokenKey(account)}, version).Err()
	})
}
