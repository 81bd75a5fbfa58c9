package oauth

import (
	"net/netip"
	"slices"
	"time"

	"oalab/server/internal/config"
)

// Where sessions are kept.
const (
	// SessionsShared keeps them in Redis: every server knows them.
	SessionsShared = "shared"
	// SessionsLocal keeps them in files of this server: a load balancer must send a follower
	// to the same server each time (ip_hash). Another server lets the follower log in again.
	SessionsLocal = "local"
)

// Settings is the web login of followers.
type Settings struct {
	// BaseURL is the address under which followers reach this server, such as
	// https://oa.example. Empty means http and the host that a request names, for tests on one machine.
	BaseURL string `yaml:"base_url"`
	// Key is what cookies, tokens at rest and tokens for the API are protected with, 32
	// characters or more, the same on all servers. Empty means one that this server makes and keeps in data_dir.
	Key config.Secret `yaml:"key"`
	// PreviousKey is the key before the last change; what it protects is still read. Empty means none.
	PreviousKey config.Secret `yaml:"previous_key"`
	// Home is the path to which a login leads that names no target; {account} stands for the account's name.
	Home string `yaml:"home"`
	// ReturnPaths are the beginnings of the paths of this site to which a login may lead.
	ReturnPaths []string `yaml:"return_paths"`
	// ReturnSites are other sites to which a login may lead, such as https://pages.example.
	ReturnSites []string `yaml:"return_sites"`
	// Sessions is where sessions are kept: shared (in Redis) or local (in files below data_dir,
	// for a load balancer with ip_hash).
	Sessions string `yaml:"sessions"`
	// SessionIdle is how long a session lasts without a visit.
	SessionIdle config.Duration `yaml:"session_idle"`
	// SessionLife is how long a session lasts at most.
	SessionLife config.Period `yaml:"session_life"`
	// TokenLife is the life of a token for the API of the pages.
	TokenLife config.Duration `yaml:"token_life"`
	// ProfileAge is how old a profile may be before the platform is asked again.
	ProfileAge config.Period `yaml:"profile_age"`
	// Proxies are the addresses, or networks as address/bits, of load balancers whose X-Real-IP header is believed.
	Proxies []string `yaml:"proxies"`
	// LoginsPerMinute bounds the logins that one browser begins.
	LoginsPerMinute int `yaml:"logins_per_minute"`
	// AddressLoginsPerMinute bounds the logins of new browsers from one address. A carrier has thousands of followers behind one.
	AddressLoginsPerMinute int `yaml:"address_logins_per_minute"`
	// LoginsPerSecond bounds the logins of all followers at this server.
	LoginsPerSecond int `yaml:"logins_per_second"`
	// CallsPerMinute bounds the API calls of one session.
	CallsPerMinute int `yaml:"calls_per_minute"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{
		Home: "/c/{account}/", ReturnPaths: []string{"/c/"}, Sessions: SessionsShared,
		SessionIdle: config.Duration(100_000 * time.Second), SessionLife: 7 * config.Day, TokenLife: config.Duration(10 * time.Minute), ProfileAge: config.Day,
		LoginsPerMinute: 10, AddressLoginsPerMinute: 6000, LoginsPerSecond: 1000, CallsPerMinute: 100,
	}
}

// minKey is the length of the shortest key.
const minKey = 32

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	f.Address("oauth.base_url", s.BaseURL)
	if s.BaseURL != "" && !isOrigin(s.BaseURL) {
		f.Add("oauth.base_url", "has more than a scheme, a host and a port")
	}
	for _, k := range []struct {
		name string
		key  config.Secret
	}{{"oauth.key", s.Key}, {"oauth.previous_key", s.PreviousKey}} {
		if k.key != "" && len(k.key) < minKey {
			f.Add(k.name, "is shorter than %d characters", minKey)
		}
	}
	if s.PreviousKey != "" && s.Key == "" {
		f.Add("oauth.previous_key", "is set without oauth.key")
	}
	if _, err := NewTargets(s.Home, s.ReturnPaths, s.ReturnSites); err != nil {
		f.Add("oauth.return_paths", "%v", err)
	}
	if !slices.Contains([]string{SessionsShared, SessionsLocal}, s.Sessions) {
		f.Add("oauth.sessions", "%q is none of %s, %s", s.Sessions, SessionsShared, SessionsLocal)
	}
	if s.SessionIdle < config.Duration(time.Minute) {
		f.Add("oauth.session_idle", "%v is below 1m", s.SessionIdle)
	}
	if time.Duration(s.SessionLife) < time.Duration(s.SessionIdle) || s.SessionLife > config.MaxPeriod {
		f.Add("oauth.session_life", "%v is below session_idle, %v, or above %v", s.SessionLife, s.SessionIdle, config.MaxPeriod)
	}
	if s.TokenLife < config.Duration(time.Second) || s.TokenLife > config.Duration(time.Hour) {
		f.Add("oauth.token_life", "%v is not from 1s to 1h: a token is good to its end on hosts that do not ask", s.TokenLife)
	}
	if s.ProfileAge < config.Period(time.Minute) || s.ProfileAge > config.MaxPeriod {
		f.Add("oauth.profile_age", "%v is not from 1m to %v", s.ProfileAge, config.MaxPeriod)
	}
	if _, err := networks(s.Proxies); err != nil {
		f.Add("oauth.proxies", "%v", err)
	}
	for key, n := range map[string]int{
		"logins_per_minute": s.LoginsPerMinute, "address_logins_per_minute": s.AddressLoginsPerMinute,
		"logins_per_second": s.LoginsPerSecond, "calls_per_minute": s.CallsPerMinute,
	} {
		if n < 1 {
			f.Add("oauth."+key, "must be positive")
		}
	}
}

// networks reads addresses and networks.
func networks(list []string) ([]netip.Prefix, error) {
	var out []netip.Prefix
	for _, entry := range list {
		prefix, err := netip.ParsePrefix(entry)
		if err != nil {
			ip, single := netip.ParseAddr(entry)
			if single != nil {
				return nil, err
			}
			prefix = netip.PrefixFrom(ip, ip.BitLen())
		}
		out = append(out, prefix)
	}
	return out, nil
}
