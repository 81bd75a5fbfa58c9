package mockwechat

import (
	"errors"
	"fmt"
	"net/url"
	"time"
)

// ErrConfig marks a configuration that no platform can be built from.
var ErrConfig = errors.New("mockwechat: bad configuration")

// Config says what a platform knows and how strict it is. Its zero value is a
// platform without accounts that keeps its ledger in memory.
type Config struct {
	// LedgerPath is the file that gets one line for every call. Empty: the last
	// lines are kept in memory only.
	LedgerPath string
	// Seed makes tokens, message ids and nonces repeatable.
	Seed uint64
	// Accounts are there from the start; PUT /control/accounts replaces them.
	Accounts []Account
	// Limits holds the platform's numbers; a zero field means today's value.
	Limits Limits
	// Now is the platform's clock for token life, windows and quotas. Nil means
	// time.Now. The times of a push are always real ones.
	Now func() time.Time
}

// Limits are the numbers of the platform that a test or a scenario may want
// otherwise. A zero field means the value that the platform has today.
type Limits struct {
	Overlap         time.Duration // a replaced token lives on: 5 min, at most a quarter of its life
	TokenPerDay     int           // /cgi-bin/token: 2 000 a day
	StablePerMinute int           // /cgi-bin/stable_token: 10 000 a minute
	StablePerDay    int           // /cgi-bin/stable_token: 500 000 a day
	ForcePerDay     int           // force_refresh: 20 a day
	ForceEvery      time.Duration // force_refresh sooner than this changes nothing: 30 s
	TemplatePerDay  int           // template/send: 100 000 a day
	CustomPerDay    int           // custom/send: 500 000 a day
	MessageWindow   time.Duration // after a follower's message: 48 h
	MessageCount    int           // custom messages in it: 5
	EventWindow     time.Duration // after a click, a scan or a follow: 1 min
	EventCount      int           // custom messages in it: 3
	ClientMsgIDLife time.Duration // client_msg_id is remembered: 10 min
}

func (l Limits) withDefaults() Limits {
	setDuration := func(d *time.Duration, v time.Duration) {
		if *d == 0 {
			*d = v
		}
	}
	setInt := func(n *int, v int) {
		if *n == 0 {
			*n = v
		}
	}
	setDuration(&l.Overlap, 5*time.Minute)
	setInt(&l.TokenPerDay, 2000)
	setInt(&l.StablePerMinute, 10_000)
	setInt(&l.StablePerDay, 500_000)
	setInt(&l.ForcePerDay, 20)
	setDuration(&l.ForceEvery, 30*time.Second)
	setInt(&l.TemplatePerDay, 100_000)
	setInt(&l.CustomPerDay, 500_000)
	setDuration(&l.MessageWindow, 48*time.Hour)
	setInt(&l.MessageCount, 5)
	setDuration(&l.EventWindow, time.Minute)
	setInt(&l.EventCount, 3)
	setDuration(&l.ClientMsgIDLife, 10*time.Minute)
	return l
}

// Account is one official account of the platform.
type Account struct {
	Name           string
	AppID          string
	Secret         string
	Token          string // signs the callback
	EncodingAESKey string
	OriginalID     string // ToUserName of what followers send, gh_…
	Mode           string // plain (or empty), compatible or safe; the last two need the key
	CallbackURL    string // where pushes go when the pusher is not told otherwise
	// Followers who they are: a list, a generated crowd, a function, or (zero)
	// whoever has sent something.
	Followers Followers
	// TokenLifetime of both kinds of token; zero means 7 200 s.
	TokenLifetime time.Duration
	// Templates are the ids that template/send accepts; empty means order-result.
	Templates []string
}

// The defaults of an account.
const (
	DefaultTokenLifetime = 7200 * time.Second
	DefaultTemplate      = "order-result"
)

func (a Account) withDefaults() Account {
	if a.TokenLifetime == 0 {
		a.TokenLifetime = DefaultTokenLifetime
	}
	if len(a.Templates) == 0 {
		a.Templates = []string{DefaultTemplate}
	}
	return a
}

func (a Account) validate() error {
	switch {
	case a.Name == "":
		return fmt.Errorf("%w: account has no name", ErrConfig)
	case a.AppID == "":
		return fmt.Errorf("%w: account %s has no app_id", ErrConfig, a.Name)
	case a.TokenLifetime < 0:
		return fmt.Errorf("%w: account %s: token_lifetime_s is negative", ErrConfig, a.Name)
	}
	if _, err := newEnvelope(a); err != nil {
		return fmt.Errorf("%w: account %s: %w", ErrConfig, a.Name, err)
	}
	if a.EncodingAESKey != "" {
		if _, err := decodeKey(a.EncodingAESKey); err != nil {
			return fmt.Errorf("%w: account %s: %w", ErrConfig, a.Name, err)
		}
	}
	if a.CallbackURL != "" {
		if _, err := parseCallback(a.CallbackURL); err != nil {
			return fmt.Errorf("account %s: %w", a.Name, err)
		}
	}
	return nil
}

func validateAccounts(accounts []Account) error {
	names, ids := map[string]bool{}, map[string]bool{}
	for _, a := range accounts {
		if err := a.validate(); err != nil {
			return err
		}
		if names[a.Name] || ids[a.AppID] {
			return fmt.Errorf("%w: account %s: name or app_id is used twice", ErrConfig, a.Name)
		}
		names[a.Name], ids[a.AppID] = true, true
	}
	return nil
}

func parseCallback(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("%w: callback_url: %w", ErrConfig, err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("%w: callback_url %q: want http://host/path", ErrConfig, raw)
	}
	return u, nil
}
