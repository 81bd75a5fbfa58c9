package cache

import (
	"context"
	"crypto/rand"
	"strings"
	"time"

	"github.com/redis/go-redis/v9"
)

// Recent keeps for a short time what the carrier answered about a number (BIZ-3). Without
// Redis it keeps nothing. It is safe for concurrent use.
//
// A number that was changed has a mark, and an answer has the mark under which it was asked for: answers
// from before are found no longer. The mark outlives them, so that they are gone when it is.
type Recent struct {
	client *Client
	life   time.Duration
}

// NewRecent makes a Recent whose answers live so long; life is above 0.
func NewRecent(c *Client, life time.Duration) *Recent { return &Recent{client: c, life: life} }

func markKey(phone string) string { return "oalab:changed:" + phone }

func recentKey(phone, question string) string { return "oalab:recent:" + phone + ":" + question }

// Get implements business.Recent. A mark that is not known is a miss: an answer must not be
// put then.
func (r *Recent) Get(ctx context.Context, phone, question string) (answer []byte, mark string, found, asked bool) {
	result := r.client.request(ctx, resultHit, func(ctx context.Context) error {
		raw, err := both.Run(ctx, r.client.rdb, []string{markKey(phone), recentKey(phone, question)}).Text()
		if err != nil {
			return err
		}
		mark, raw, _ = strings.Cut(raw, "|")
		asked = true
		put, kept, form := strings.Cut(raw, "|")
		if !form || put != mark {
			return redis.Nil
		}
		answer = []byte(kept)
		return nil
	})
	r.client.requests.WithLabelValues(cacheRecent, result).Inc()
	return answer, mark, result == resultHit, asked
}

// Put implements business.Recent.
func (r *Recent) Put(ctx context.Context, phone, question, mark string, answer []byte) {
	r.client.visit(ctx, cacheRecent, resultDone, func(ctx context.Context) error {
		return r.client.rdb.Set(ctx, recentKey(phone, question), mark+"|"+string(answer), r.life).Err()
	})
}

// Forget implements business.Recent. A question that is under way may be put under the mark
// from before for as long as an answer lives.
func (r *Recent) Forget(ctx context.Context, phone string) {
	r.client.visit(ctx, cacheRecent, resultDone, func(ctx context.Context) error {
		return r.client.rdb.Set(ctx, markKey(phone), rand.Text(), 2*r.life).Err()
	})
}
