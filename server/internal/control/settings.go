package control

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"time"
	"unicode/utf8"

	"oalab/server/internal/domain"
)

// Settings are what was set for an account, by name. They are no place for secrets.
type Settings map[string]string

// Bounds of the settings of an account.
const (
	mostSettings = 100
	longestValue = 4 << 10 // bytes
)

var settingName = regexp.MustCompile(`^[a-z][a-z0-9_.-]{0,63}$`)

// check judges names and sizes.
func (s Settings) check() error {
	if len(s) > mostSettings {
		return fmt.Errorf("an account has %d settings at the most", mostSettings)
	}
	for _, name := range slices.Sorted(maps.Keys(s)) {
		switch value := s[name]; {
		case !settingName.MatchString(name):
			return fmt.Errorf("%.80q is no name of a setting: 1 to 64 small letters, digits, _, - or dots, a letter first", name)
		case len(value) > longestValue:
			return fmt.Errorf("setting %s has %d bytes, the most are %d", name, len(value), longestValue)
		case !utf8.ValidString(value):
			return fmt.Errorf("setting %s is no UTF-8 text", name)
		}
	}
	return nil
}

// Remembered is how long what a change replaced is remembered: the tries of a message begin
// within seconds, and are answered alike.
const Remembered = 10 * time.Minute

// Past are settings that were replaced.
type Past struct {
	Until time.Time // when they were, by the database's clock
	Settings
}

// Stored are the settings of an account as the database has them.
type Stored struct {
	Settings
	// Version rises with each change; 0 means that nothing was ever set.
	Version int64
	// Past are those that were replaced within Remembered, the latest first.
	Past []Past
}

// ErrVersion says that the settings were changed since they were read.
var ErrVersion = errors.New("the settings have another version")

// Store keeps the settings. It is safe for concurrent use, by several processes.
type Store interface {
	// LoadSettings returns the settings of an account as of one moment.
	LoadSettings(ctx context.Context, account string) (Stored, error)
	// ChangedSettings returns the accounts whose settings were changed after a moment, and the
	// time, by the database's clock.
	ChangedSettings(ctx context.Context, since time.Time) (accounts []string, now time.Time, err error)
	// SaveSettings replaces the settings if they still have this version, notes what was
	// replaced and by which app, and returns the new version; ErrVersion otherwise. The same
	// settings again change nothing, at any version.
	SaveSettings(ctx context.Context, account string, version int64, s Settings, app string) (int64, error)
}

// Contexts are the settings of the accounts that this server is asked for, in memory. They are
// loaded at the first need, and leave memory when there are more than the capacity (CTL-2). It
// is safe for concurrent use; Reload belongs to one goroutine.
type Contexts struct {
	store   Store
	always  []string
	domains *domain.Container[*Stored]
	since   time.Time // what was changed before is known, by the database's clock
}

// NewContexts makes Contexts without any. Those of the accounts always are loaded by the first
// Reload, so that they are there while the database is away.
func NewContexts(store Store, capacity int, always ...string) (*Contexts, error) {
	c := &Contexts{store: store, always: always}
	var err error
	c.domains, err = domain.New(domain.Config[*Stored]{Capacity: capacity, Load: c.load})
	return c, err
}

func (c *Contexts) load(ctx context.Context, account string) (*Stored, error) {
	stored, err := c.store.LoadSettings(ctx, account)
	return &stored, err
}

// Get returns the settings of an account, which are not changed.
func (c *Contexts) Get(ctx context.Context, account string) (*Stored, error) {
	return c.domains.Get(ctx, account)
}

// overlap is how long a transaction may take from its look at the clock to its commit.
const overlap = time.Minute

// Reload brings what is in memory up to date: it reads the accounts that were changed since the
// last Reload. After an error it is to be called again.
func (c *Contexts) Reload(ctx context.Context) error {
	c.domains.Renew()
	changed, now, err := c.store.ChangedSettings(ctx, c.since)
	if err != nil {
		return err
	}
	for _, account := range changed {
		if _, in := c.domains.Peek(account); !in {
			continue
		}
		stored, err := c.load(ctx, account)
		if err != nil {
			return err
		}
		c.domains.Replace(account, stored)
	}
	for _, account := range c.always {
		if _, err := c.domains.Get(ctx, account); err != nil {
			return err
		}
	}
	c.since = now.Add(-overlap)
	return nil
}

// ChangedSince implements message.Table.
func (s *Stored) ChangedSince(_ string, moment time.Time) bool {
	return len(s.Past) > 0 && s.Past[0].Until.After(moment)
}

// At are the settings that were in force at a moment.
func (s *Stored) At(moment time.Time) Settings {
	in := s.Settings
	for _, p := range s.Past {
		if !p.Until.After(moment) {
			break
		}
		in = p.Settings
	}
	return in
}
