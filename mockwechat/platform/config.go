package platform

import (
	"errors"
	"fmt"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"oalab/mockwechat/message"
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
	// Lenient names rules of the platform that are not enforced: for tests which show that a
	// rule, and nothing else, refuses a client.
	Lenient []string
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
	// Followers says which openids follow: a list, a generated crowd, a function, or (zero)
	// every openid that has sent something.
	Followers Followers
	// TokenLifetime of both kinds of token; zero means 7 200 s.
	TokenLifetime time.Duration
	// Type is subscription or service (or empty). Unverified ones have fewer APIs (MSG-13).
	Type       string
	Unverified bool
	// IPWhitelist are the addresses, or networks as address/bits, that may ask for access
	// tokens; empty: all.
	IPWhitelist []string
	// SecretFrozen: no access token is given out.
	SecretFrozen bool
	// QuotaPerDay is the daily limit of every API of the account; 0: that of the platform.
	QuotaPerDay int
	// Reports: the account's callback is told how its template and mass messages ended. A
	// platform always tells; a scenario that counts pushes may not want it.
	Reports bool
	// NamesShown: the calls about followers tell nickname, sex, place and picture, as before
	// 2021-12-27. The platform of today tells them by a login with consent alone.
	NamesShown bool
	// RedirectHosts are the domains to which a web login may send back; empty: all.
	RedirectHosts []string
	// Templates are the ids that template/send accepts; empty means order-result.
	Templates []string
	// Pay is the account's merchant; zero: it takes no payments.
	Pay Merchant
	// Component makes the account a third-party platform; zero: it is none.
	Component Component
}

// The types of an account; empty is a service account.
const (
	TypeService      = "service"
	TypeSubscription = "subscription"
)

// parseNetwork reads an address or a network.
func parseNetwork(entry string) (netip.Prefix, error) {
	if strings.Contains(entry, "/") {
		return netip.ParsePrefix(entry)
	}
	ip, err := netip.ParseAddr(entry)
	if err != nil {
		return netip.Prefix{}, err
	}
	return ip.Prefix(ip.BitLen())
}

// MayCall says whether an address, host:port, is on the white list.
func (a Account) MayCall(remote string) bool {
	if len(a.IPWhitelist) == 0 {
		return true
	}
	from, err := netip.ParseAddrPort(remote)
	if err != nil {
		return false
	}
	for _, entry := range a.IPWhitelist {
		if network, err := parseNetwork(entry); err == nil && network.Contains(from.Addr().Unmap()) {
			return true
		}
	}
	return false
}

// MayRedirect says whether a web login may send back to a host, with or without a port.
func (a Account) MayRedirect(host string) bool {
	if len(a.RedirectHosts) == 0 {
		return true
	}
	name := (&url.URL{Host: host}).Hostname()
	return slices.Contains(a.RedirectHosts, host) || slices.Contains(a.RedirectHosts, name)
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

func (a Account) keys() message.Keys {
	k := message.Keys{Mode: a.Mode, EncodingAESKey: a.EncodingAESKey, AppID: a.AppID, Token: a.Token, OriginalID: a.OriginalID}
	if a.IsComponent() {
		k.Mode, k.Outer, k.OriginalID = message.ModeSafe, "AppId", a.AppID
	}
	return k
}

// mistake is what is wrong with a key of an account.
type mistake struct {
	account int
	key     string
	err     error
}

// mistakes are all that is wrong with an account by itself.
func (a Account) mistakes(number int) (all []mistake) {
	add := func(key, format string, args ...any) {
		all = append(all, mistake{number, key, fmt.Errorf("account %s: "+format, append([]any{a.Name}, args...)...)})
	}
	if a.Name == "" {
		all = append(all, mistake{number, "name", fmt.Errorf("account number %d has no name", number+1)})
	}
	if a.AppID == "" {
		add("app_id", "it has no app_id")
	}
	if a.TokenLifetime < 0 {
		add("token_lifetime_s", "token_lifetime_s is negative")
	}
	_, badKey := message.DecodeKey(a.EncodingAESKey)
	if a.EncodingAESKey != "" && badKey != nil {
		add("encoding_aes_key", "%w", badKey)
	} else if _, err := message.NewEnvelope(a.keys()); err != nil {
		add("mode", "%w", err)
	}
	if a.Type != "" && a.Type != TypeService && a.Type != TypeSubscription {
		add("type", "type %q is neither subscription nor service", a.Type)
	}
	if err := a.Pay.mistake(); err != nil {
		add("pay", "pay: %w", err)
	}
	if err := a.componentMistake(); err != nil {
		add("component", "component: %w", err)
	}
	if a.QuotaPerDay < 0 {
		add("quota_per_day", "quota_per_day is negative")
	}
	for _, entry := range a.IPWhitelist {
		if _, err := parseNetwork(entry); err != nil {
			add("ip_whitelist", "ip_whitelist: %w", err)
		}
	}
	if a.CallbackURL != "" {
		if _, err := ParseCallback(a.CallbackURL); err != nil {
			add("callback_url", "%w", err)
		}
	}
	return all
}

// mistakesOf are all that is wrong with accounts.
func mistakesOf(accounts []Account) (all []mistake) {
	names, ids, merchants := map[string]bool{}, map[string]bool{}, map[string]bool{}
	for i, a := range accounts {
		all = append(all, a.mistakes(i)...)
		if a.Name != "" && names[a.Name] {
			all = append(all, mistake{i, "name", fmt.Errorf("account %s: its name is used twice", a.Name)})
		}
		if a.AppID != "" && ids[a.AppID] {
			all = append(all, mistake{i, "app_id", fmt.Errorf("account %s: its app_id is used twice", a.Name)})
		}
		if a.Pay.MchID != "" && merchants[a.Pay.MchID] {
			all = append(all, mistake{i, "pay", fmt.Errorf("account %s: its mch_id is used twice", a.Name)})
		}
		names[a.Name], ids[a.AppID], merchants[a.Pay.MchID] = true, true, true
	}
	return all
}

// validateAccounts says all that is wrong with accounts in one line.
func validateAccounts(accounts []Account) error {
	all := mistakesOf(accounts)
	if len(all) == 0 {
		return nil
	}
	words := make([]string, len(all))
	for i, m := range all {
		words[i] = m.err.Error()
	}
	return fmt.Errorf("%w: %s", ErrConfig, strings.Join(words, "; "))
}

// ParseCallback reads the address of a callback.
func ParseCallback(raw string) (*url.URL, error) {
	u, err := url.Parse(raw)
	if err != nil {
		return nil, fmt.Errorf("callback_url: %w", err)
	}
	if (u.Scheme != "http" && u.Scheme != "https") || u.Host == "" {
		return nil, fmt.Errorf("callback_url %q: want http://host/path", raw)
	}
	return u, nil
}
