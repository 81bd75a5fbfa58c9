package cache

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"errors"
	"time"

	"github.com/redis/go-redis/v9"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
)

// The window of de-duplication in Redis (MSG-15); the database keeps the replies
// beyond it.
const (
	// ReplyTTL is how long a reply is kept.
	ReplyTTL = 24 * time.Hour
	// ClaimTTL is how long a message counts as worked on by a server that does
	// not say otherwise.
	ClaimTTL = 300 * time.Second
)

// Replies keeps the replies of messages and the claims of those that are being
// worked on. It is safe for concurrent use.
type Replies struct {
	client          *Client
	replyTTL, claim time.Duration
}

// NewReplies makes a Replies with the times of MSG-15.
func NewReplies(c *Client) *Replies { return &Replies{client: c, replyTTL: ReplyTTL, claim: ClaimTTL} }

func replyKey(account, key string) string { return "oalab:reply:" + account + ":" + key }
func claimKey(account, key string) string { return "oalab:claim:" + account + ":" + key }

// Get returns the reply that was put for a message; found is false when none is
// known, and asked when Redis did not say. Whether that is a miss is known once the
// database was asked: see Put.
func (r *Replies) Get(ctx context.Context, account, key string) (known message.Reply, found, asked bool) {
	var raw []byte
	result := r.client.request(ctx, resultHit, func(ctx context.Context) (err error) {
		raw, err = r.client.rdb.Get(ctx, replyKey(account, key)).Bytes()
		return err
	})
	if result == resultHit {
		var stored reply.Stored
		err := json.Unmarshal(raw, &stored)
		if err == nil {
			known, err = stored.Unpack()
		}
		if err != nil { // perhaps of a later version: Redis has answered, the database decides
			result = resultFailed
		}
	}
	found = result == resultHit
	if result == resultMiss {
		return message.Reply{}, false, true
	}
	r.client.requests.WithLabelValues(cacheReplies, result).Inc()
	return known, found, found
}

// Put keeps a reply that is committed in the database. A reply that the database had
// before was missed; one that is made now no look-up could have found.
func (r *Replies) Put(ctx context.Context, account, key string, known message.Reply, had bool) {
	looked := resultNew
	if had {
		looked = resultMiss
	}
	r.client.requests.WithLabelValues(cacheReplies, looked).Inc()
	stored, err := reply.Pack(known)
	if err != nil {
		return // the database has refused it before
	}
	raw, err := json.Marshal(stored)
	if err != nil {
		return // strings and a bool always encode
	}
	r.client.visit(ctx, cacheReplies, resultDone, func(ctx context.Context) error {
		return r.client.rdb.Set(ctx, replyKey(account, key), raw, r.replyTTL).Err()
	})
}

// unclaim deletes a claim of its owner, and no other one.
var unclaim = redis.NewScript(`
if redis.call('GET', KEYS[1]) == ARGV[1] then return redis.call('DEL', KEYS[1]) end
return 0`)

// Claim marks a message as worked on here. mine is false when another one has
// marked it; without Redis everybody gets it, and the database decides. release
// must be called and ends the own claim only.
func (r *Replies) Claim(ctx context.Context, account, key string) (release func(context.Context), mine bool) {
	owner := rand.Text()
	taken := false
	asked := r.client.visit(ctx, cacheClaims, resultDone, func(ctx context.Context) error {
		err := r.client.rdb.SetArgs(ctx, claimKey(account, key), owner, redis.SetArgs{Mode: "NX", TTL: r.claim}).Err()
		taken = errors.Is(err, redis.Nil)
		return err
	})
	if !asked {
		return func(context.Context) {}, !taken
	}
	return func(ctx context.Context) {
		r.client.visit(ctx, cacheClaims, resultDone, func(ctx context.Context) error {
			return unclaim.Run(ctx, r.client.rdb, []string{claimKey(account, key)}, owner).Err()
		})
	}, true
}
