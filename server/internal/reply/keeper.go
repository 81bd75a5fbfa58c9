package reply

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/message"
)

// Store keeps the replies. The first reply of a message wins, whichever server stores it.
type Store interface {
	// Reply returns the stored reply of a message; false when there is none.
	Reply(ctx context.Context, account, key string) (message.Reply, bool, error)
	// SaveReply stores the reply of a message and the jobs that go with it. With a reply
	// stored already, that one is returned and nothing is written.
	SaveReply(ctx context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error)
}

// Cache stands in front of the Store, shared by all servers. It is best effort and never
// waited for long: the Store decides what it does not know (MSG-6).
type Cache interface {
	// Get returns a reply that was put. found: there is one. asked: the cache has
	// answered; otherwise a miss says nothing.
	Get(ctx context.Context, account, key string) (r message.Reply, found, asked bool)
	// Put keeps a reply that the Store has. had says that the Store had it before: Get
	// has missed it.
	Put(ctx context.Context, account, key string, r message.Reply, had bool)
	// Claim marks a message as worked on here; mine is false when another server has
	// marked it. release must be called and ends the own claim only.
	Claim(ctx context.Context, account, key string) (release func(context.Context), mine bool)
}

// noCache knows nothing.
type noCache struct{}

func (noCache) Get(context.Context, string, string) (message.Reply, bool, bool) {
	return message.Reply{}, false, false
}
func (noCache) Put(context.Context, string, string, message.Reply, bool) {}
func (noCache) Claim(context.Context, string, string) (func(context.Context), bool) {
	return func(context.Context) {}, true
}

// Keeper gives each message its one reply. It is safe for concurrent use. Tries of a
// message that are in one server at one time share their work in the callback, before they
// come here.
type Keeper struct {
	store Store
	cache Cache
	wait  time.Duration
}

// New makes a Keeper; a nil cache means none. wait, above 0, is for how long the reply of
// another server that works on a message is waited for.
func New(store Store, cache Cache, wait time.Duration) (*Keeper, error) {
	if wait <= 0 {
		return nil, fmt.Errorf("reply: the wait for another server, %v, must be above 0", wait)
	}
	if cache == nil {
		cache = noCache{}
	}
	return &Keeper{store: store, cache: cache, wait: wait}, nil
}

// Draft is what is to be the reply of a message, with the jobs that are stored in its
// transaction.
type Draft struct {
	Reply message.Reply
	Jobs  []job.Envelope
}

// Make returns the reply of a message. Where it has none, work drafts one, which is stored
// before it is returned; work may run on two servers, and the first draft that is stored
// wins. So its only effects are the jobs of the draft. key is what the reply is stored
// under. After an error the message may be asked for again.
func (k *Keeper) Make(ctx context.Context, account, key string, work func(ctx context.Context, key string) (Draft, error)) (message.Reply, error) {
	key = StoredKey(key)
	r, found, asked := k.cache.Get(ctx, account, key)
	if found {
		return r, nil
	}
	release, mine := k.cache.Claim(ctx, account, key)
	defer release(context.WithoutCancel(ctx))
	if !mine {
		if r, found := k.await(ctx, account, key); found {
			return r, nil
		}
	}
	var had bool
	var err error
	// A message that the cache does not know, and that no other server works on, has no
	// reply in the store, unless the cache has lost it. Then the first reply wins.
	if !asked || !mine {
		r, had, err = k.store.Reply(ctx, account, key)
	}
	if err == nil && !had {
		r, had, err = k.draft(ctx, account, key, work)
	}
	if err != nil {
		return message.Reply{}, err
	}
	k.cache.Put(ctx, account, key, r, had) // before the claim is released
	return r, nil
}

func (k *Keeper) draft(ctx context.Context, account, key string, work func(ctx context.Context, key string) (Draft, error)) (r message.Reply, had bool, err error) {
	d, err := work(ctx, key)
	if err != nil {
		return message.Reply{}, false, err
	}
	r, err = k.store.SaveReply(ctx, account, key, d.Reply, d.Jobs...)
	return r, err == nil && !Same(r, d.Reply), err
}

// Commit returns the reply of a message. Where the cache knows none, work stores its own
// reply to it, in the transaction of what the message causes, unless the message has one
// already: stored is the reply that won, and mine the one that work would have had. key is
// what the reply is stored under. After an error the message may be asked for again.
func (k *Keeper) Commit(ctx context.Context, account, key string, work func(ctx context.Context, key string) (stored, mine message.Reply, err error)) (message.Reply, error) {
	key = StoredKey(key)
	if r, found, _ := k.cache.Get(ctx, account, key); found {
		return r, nil
	}
	stored, mine, err := work(ctx, key)
	if err != nil {
		return message.Reply{}, err
	}
	k.cache.Put(ctx, account, key, stored, !Same(stored, mine))
	return stored, nil
}

// lookEvery is how often another server's work is looked at.
const lookEvery = 25 * time.Millisecond

// await waits for the reply of another server that works on the message. It gives up when
// that takes too long: the server may be dead, and the Store lets the first reply win.
func (k *Keeper) await(ctx context.Context, account, key string) (message.Reply, bool) {
	ctx, cancel := context.WithTimeout(ctx, k.wait)
	defer cancel()
	ticker := time.NewTicker(lookEvery)
	defer ticker.Stop()
	for {
		select {
		case <-ctx.Done():
			return message.Reply{}, false
		case <-ticker.C:
		}
		if r, found, _ := k.cache.Get(ctx, account, key); found {
			return r, true
		}
		if release, mine := k.cache.Claim(ctx, account, key); mine {
			// It has ended without a reply, or the cache is away.
			release(context.WithoutCancel(ctx))
			return message.Reply{}, false
		}
	}
}

// maxKey is the longest message key that is stored as it is, in bytes.
const maxKey = 160

// StoredKey keeps a key within what the database indexes.
func StoredKey(key string) string {
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}
