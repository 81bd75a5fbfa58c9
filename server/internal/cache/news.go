package cache

import (
	"context"

	"github.com/redis/go-redis/v9"
)

// channelChanges is the channel of Redis on which a change of data is broadcast.
const channelChanges = "oalab:changes"

// News broadcasts that data was changed, and hears of it, over Redis. What is published
// while no server is connected is lost. It is safe for concurrent use.
type News struct{ client *Client }

// NewNews makes a News.
func NewNews(c *Client) *News { return &News{client: c} }

// Tell broadcasts that something was committed, once. Nothing depends on it: without
// Redis the change is seen by the next poll.
func (n *News) Tell(ctx context.Context) {
	n.client.visit(ctx, cacheNews, resultDone, func(ctx context.Context) error {
		return n.client.rdb.Publish(ctx, channelChanges, "").Err()
	})
}

// Listen implements freshness.Broadcast. A connection that is silent for newsCheck is
// tried, and made again when it is dead; each time it has been made counts as news.
func (n *News) Listen(ctx context.Context, heard func()) {
	sub := n.client.rdb.Subscribe(ctx, channelChanges)
	defer sub.Close()
	events := sub.ChannelWithSubscriptions(redis.WithChannelHealthCheckInterval(newsCheck))
	for {
		select {
		case <-ctx.Done():
			return
		case _, open := <-events:
			if !open {
				return
			}
			heard()
		}
	}
}
