package follower

import (
	"context"
	"time"

	"oalab/server/internal/message"
	"oalab/server/internal/reply"
	"oalab/server/wechat"
)

// ListenConfig says how events are taken in.
type ListenConfig struct {
	// Zone is where days begin; nil means UTC.
	Zone *time.Location
	// Profiles are the accounts whose followers' profiles are fetched: those that may.
	Profiles func(account string) bool
	// Now is the server's clock; nil means time.Now.
	Now func() time.Time
}

// Listeners keep followers by the events that tell of them. Nothing here asks the platform:
// that is a job, stored with the event.
func Listeners(store Store, cfg ListenConfig) []message.Listener {
	if cfg.Zone == nil {
		cfg.Zone = time.UTC
	}
	if cfg.Now == nil {
		cfg.Now = time.Now
	}
	l := listener{store, cfg}
	return []message.Listener{{Name: "followers", Events: []string{"subscribe", "unsubscribe", "SCAN"}, Hear: l.hear}}
}

type listener struct {
	store Store
	cfg   ListenConfig
}

func (l listener) hear(ctx context.Context, m message.Heard) error {
	at := time.Unix(m.CreateTime, 0)
	c := Change{
		Account: m.Account, OpenID: m.From, Key: reply.StoredKey(m.Key), At: at, Day: message.Day(at, l.cfg.Zone),
	}
	switch event := m.Body.(type) {
	case *wechat.Subscribe:
		c.Kind, c.Scene = Gained, event.Scene
	case *wechat.Unsubscribe:
		c.Kind = Lost
	case *wechat.Scan:
		c.Kind, c.Scene = Scanned, event.Scene
	default: // the body has not the form of the event: nothing is known
		return nil
	}
	if c.Kind != Gained || l.cfg.Profiles == nil || !l.cfg.Profiles(m.Account) {
		return l.store.Note(ctx, c)
	}
	env, err := profileType(0).New(m.Account+"|"+m.From, profilePayload{m.Account, m.From}, l.cfg.Now())
	if err != nil {
		return err
	}
	return l.store.Note(ctx, c, env)
}
