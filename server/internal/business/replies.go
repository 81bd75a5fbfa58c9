package business

import (
	"context"
	"time"
)

// Replies is a cache in front of the Store's replies, shared by all servers. It
// is best effort and never waited for long: what it does not know is asked of the
// Store, which decides (MSG-6).
type Replies interface {
	// Get returns a reply that was put; found is false when it knows none, and asked
	// when it did not answer either.
	Get(ctx context.Context, account, key string) (r Reply, found, asked bool)
	// Put keeps a reply that the Store has. had says that the Store had it before: Get
	// has missed it.
	Put(ctx context.Context, account, key string, r Reply, had bool)
	// Claim marks a message as worked on here; mine is false when another server
	// has marked it. release must be called and ends the own claim only.
	Claim(ctx context.Context, account, key string) (release func(context.Context), mine bool)
}

// noReplies is the cache that knows nothing.
type noReplies struct{}

func (noReplies) Get(context.Context, string, string) (Reply, bool, bool) {
	return Reply{}, false, false
}
func (noReplies) Put(context.Context, string, string, Reply, bool) {}
func (noReplies) Claim(context.Context, string, string) (func(context.Context), bool) {
	return func(context.Context) {}, true
}

// claimLook is how often another server's work is looked at.
const claimLook = 25 * time.Millisecond

// await waits for the reply of another server that works on the message, for as
// long as that may take. It gives up then: the server may be dead, and the Store
// lets the first reply win whoever asks.
func (s *Service) await(ctx context.Context, account, key string) (Reply, bool) {
	ctx, cancel := context.WithTimeout(ctx, s.cfg.InlineWait)
	defer cancel()
	ticker := time.NewTicker(claimLook)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return Reply{}, false
		case <-ticker.C:
		}
		if r, found, _ := s.replies.Get(ctx, account, key); found {
			return r, true
		}
		if release, mine := s.replies.Claim(ctx, account, key); mine {
			// It has ended without a reply, or the cache is away.
			release(context.WithoutCancel(ctx))
			return Reply{}, false
		}
	}
}
