package server

import (
	"context"
	"time"

	"oalab/server/internal/follower"
	followerstore "oalab/server/internal/follower/store"
	"oalab/server/internal/message"
)

// AccountFollowers are what is known of the followers of one account. Servers may run meanwhile.
type AccountFollowers struct{ tool *tool }

// FollowerSync is what a synchronization with the platform's list did.
type FollowerSync = follower.Synced

// FollowerGrowth is what happened on a day by one scene.
type FollowerGrowth = follower.Growth

// Follower is a person as an account knows them.
type Follower = follower.Follower

// ErrNoFollower says that nothing is known of a person.
var ErrNoFollower = follower.ErrUnknown

// OpenFollowers opens the database, and brings its tables up to date. It must be closed.
func OpenFollowers(ctx context.Context, cfg Config, account string) (*AccountFollowers, error) {
	t, err := openTool(ctx, cfg, account)
	if err != nil {
		return nil, err
	}
	return &AccountFollowers{t}, nil
}

// Close closes what was opened.
func (f *AccountFollowers) Close() error { return f.tool.Close() }

func (f *AccountFollowers) store() (*followerstore.Store, error) {
	db, err := f.tool.core()
	if err != nil {
		return nil, err
	}
	return followerstore.New(db), nil
}

// Sync stores the followers whom the platform lists, with their profiles. It goes on where
// one before it ended early, and may be repeated. maxPages bounds the calls for the list, of
// up to 10 000 followers each; 0 means no bound. told, if not nil, is called after each batch.
func (f *AccountFollowers) Sync(ctx context.Context, maxPages int, told func(FollowerSync)) (FollowerSync, error) {
	if f.tool.cfg.WeChat.APIBase == "" {
		return FollowerSync{}, errNoPlatform
	}
	service, err := f.tool.followers()
	if err != nil {
		return FollowerSync{}, err
	}
	return service.Sync(ctx, f.tool.account, maxPages, told)
}

// Follower returns what is known of a person, or ErrNoFollower.
func (f *AccountFollowers) Follower(ctx context.Context, openid string) (Follower, error) {
	store, err := f.store()
	if err != nil {
		return Follower{}, err
	}
	return store.Follower(ctx, f.tool.account, openid)
}

// Growth returns how many followers came, left and scanned within an age until now, by day
// and scene. Days are those of carrier.time_zone.
func (f *AccountFollowers) Growth(ctx context.Context, within Period) ([]FollowerGrowth, error) {
	store, err := f.store()
	db, zone := ask(&err, f.tool.core), ask(&err, f.tool.zone)
	if err != nil {
		return nil, err
	}
	now, err := db.Clock(ctx)
	if err != nil {
		return nil, err
	}
	from, to := message.Day(now.Add(-time.Duration(within)), zone), message.Day(now.Add(24*time.Hour), zone)
	return store.Growth(ctx, f.tool.account, from, to)
}
