package media

import (
	"context"
	"fmt"
	"sync/atomic"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/message"
)

// margin is how long before its end a media_id is used no more: the platform fetches the
// file after it has read the reply, and clocks differ.
const margin = 10 * time.Minute

// Copies are the files as a server that answers knows them. They are safe for concurrent use.
type Copies struct {
	store Store
	now   func() time.Time
	// lives says how long a media_id is used that ends at a time.
	lives   func(ends time.Time) time.Time
	missing prometheus.Counter
	files   atomic.Pointer[map[string]map[string]File] // by account and name
}

// NewCopies makes copies without a file: nothing is known before the first Reload.
func NewCopies(store Store, reg prometheus.Registerer) (*Copies, error) {
	c := &Copies{
		store: store, now: time.Now, lives: func(ends time.Time) time.Time { return ends.Add(-margin) },
		missing: prometheus.NewCounter(prometheus.CounterOpts{
			Name: "oalab_media_missing_total", Help: "Answers that named a file without a media_id that lives, and showed a text instead.",
		}),
	}
	c.files.Store(&map[string]map[string]File{})
	if reg != nil {
		if err := reg.Register(c.missing); err != nil {
			return nil, fmt.Errorf("register metric of media: %w", err)
		}
	}
	return c, nil
}

// Reload reads the files of all accounts and swaps them in together.
func (c *Copies) Reload(ctx context.Context) error {
	all, err := c.store.Files(ctx)
	if err != nil {
		return fmt.Errorf("load files of accounts: %w", err)
	}
	next := make(map[string]map[string]File)
	for _, f := range all {
		if next[f.Account] == nil {
			next[f.Account] = make(map[string]File)
		}
		next[f.Account][f.Name] = f
	}
	c.files.Store(&next)
	return nil
}

// MediaID is what a file of a kind is known by at the platform, as of the first try of a
// message; false when that is nothing that lives for long enough.
func (c *Copies) MediaID(ctx context.Context, m *message.Asked, kind, name string) (string, bool) {
	f, found := (*c.files.Load())[m.Account][name]
	if found && string(f.Kind) == kind {
		at := m.Moments.Moment(ctx, m, c)
		if id, until := c.current(f, at); id != "" && at.Before(until) {
			return id, true
		}
	}
	c.missing.Inc()
	return "", false
}

// current is the media_id of a file at a moment, and until when it is used.
func (c *Copies) current(f File, at time.Time) (id string, until time.Time) {
	if at.Before(f.Changed) {
		return f.PastID, c.lives(f.PastEnds)
	}
	return f.MediaID, c.lives(f.Ends)
}

// ChangedSince implements message.Table. That a media_id ends changes the answers, too.
func (c *Copies) ChangedSince(account string, moment time.Time) bool {
	now := c.now()
	for _, f := range (*c.files.Load())[account] {
		until := c.lives(f.Ends)
		if f.Changed.After(moment) || until.After(moment) && !until.After(now) {
			return true
		}
	}
	return false
}
