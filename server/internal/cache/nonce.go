package cache

import (
	"context"
	"time"

	"github.com/redis/go-redis/v9"
)

// Nonces remembers the nonces of signed requests for all servers (SEC-1). It is safe for
// concurrent use.
type Nonces struct{ client *Client }

// NewNonces makes a Nonces.
func NewNonces(c *Client) *Nonces { return &Nonces{client: c} }

// Once implements signedapi.Nonces. Its error is ErrAway.
func (n *Nonces) Once(ctx context.Context, app, nonce string, life time.Duration) (first bool, err error) {
	result := n.client.request(ctx, resultNew, func(ctx context.Context) error {
		return n.client.rdb.SetArgs(ctx, "oalab:nonce:"+app+":"+nonce, "", redis.SetArgs{Mode: "NX", TTL: life}).Err()
	})
	n.client.requests.WithLabelValues(cacheNonces, result).Inc()
	switch result {
	case resultNew:
		return true, nil
	case resultMiss: // redis.Nil: it was there
		return false, nil
	}
	return false, ErrAway
}
