package cache

import (
	"fmt"

	"oalab/server/internal/config"
)

// RedisSettings is the shared cache; with an empty Addr and no Sentinels it is the one in the
// process.
type RedisSettings struct {
	// Addr is host:port of a Redis that the servers share; empty is an instance in the process.
	Addr string `yaml:"addr"`
	// Sentinels, host:port, know which Redis is the primary of MasterName; they take the
	// place of Addr. What can be reached of them is asked again when that one is lost.
	Sentinels []string `yaml:"sentinels"`
	// MasterName is what the Sentinels call it.
	MasterName string `yaml:"master_name"`
	// Password is that of Redis; empty means that it asks for none.
	Password config.Secret `yaml:"password"`
}

// DefaultRedisSettings are those of an empty stanza.
func DefaultRedisSettings() RedisSettings { return RedisSettings{MasterName: "oalab"} }

// Shared reports whether it is one that several processes can use.
func (s RedisSettings) Shared() bool { return s.Addr != "" || len(s.Sentinels) > 0 }

// Validate adds what is wrong with the settings, each under its key.
func (s RedisSettings) Validate(f *config.Faults) {
	if s.Addr != "" {
		f.HostPort("redis.addr", s.Addr)
		if len(s.Sentinels) > 0 {
			f.Add("redis.sentinels", "and redis.addr are both set; use one")
		}
	}
	for i, sentinel := range s.Sentinels {
		f.HostPort(fmt.Sprintf("redis.sentinels[%d]", i), sentinel)
	}
	if s.MasterName == "" {
		f.Add("redis.master_name", "must not be empty")
	}
}

// Settings says what is cached in front of the database, beside what must be.
type Settings struct {
	// Bindings is on or off; off, every look-up of a follower's number is a
	// statement to the database.
	Bindings string `yaml:"bindings"`
}

// Whether something is cached.
const (
	On  = "on"
	Off = "off"
)

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings { return Settings{Bindings: On} }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if s.Bindings != On && s.Bindings != Off {
		f.Add("cache.bindings", "%q is none of %s, %s", s.Bindings, On, Off)
	}
}
