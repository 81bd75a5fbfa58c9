package callback

import (
	"strings"
	"time"
	"unicode/utf8"

	"oalab/server/internal/config"
	"oalab/server/wechat"
)

// Settings are the bounds of the answer to the platform.
type Settings struct {
	// InlineWait is how long the carrier may keep a reply before it is handed over.
	InlineWait config.Duration `yaml:"inline_wait"`
	// Budget is the hard end of every answer.
	Budget config.Duration `yaml:"budget"`
	// BodyLimit is the largest body that is read.
	BodyLimit config.Size `yaml:"body_limit"`
	// MaxConcurrent is how many tries are served at once, at the most; further ones wait
	// while they can still be answered, and are refused with 429 when they cannot. 0 leaves
	// it to the server, which begins as many as its processors have room for.
	MaxConcurrent int `yaml:"max_concurrent"`
	// OnUnsubscribe says what becomes of the phone number of a follower who leaves: unbind
	// ends the binding, keep keeps it for the day they follow again.
	OnUnsubscribe string `yaml:"on_unsubscribe"`
}

// What becomes of a binding when its follower leaves.
const (
	UnsubscribeUnbind = "unbind"
	UnsubscribeKeep   = "keep"
)

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{
		InlineWait:    config.Duration(700 * time.Millisecond),
		Budget:        config.Duration(4500 * time.Millisecond),
		BodyLimit:     64 << 10,
		OnUnsubscribe: UnsubscribeUnbind,
	}
}

// Validate adds what is wrong with the settings, each under its key.
func (c Settings) Validate(f *config.Faults) {
	if c.InlineWait <= 0 || c.InlineWait >= c.Budget {
		f.Add("callback.inline_wait", "%v is not between 0 and the budget", c.InlineWait)
	}
	if c.Budget <= 0 || c.Budget >= config.Duration(5*time.Second) {
		f.Add("callback.budget", "%v is not between 0 and the platform's 5s", c.Budget)
	}
	if c.BodyLimit < 1<<10 || c.BodyLimit > 64<<10 {
		f.Add("callback.body_limit", "%d bytes is not between 1KiB and 64KiB", c.BodyLimit)
	}
	if c.MaxConcurrent < 0 {
		f.Add("callback.max_concurrent", "%d is negative; 0 leaves it to the server", c.MaxConcurrent)
	}
	if c.OnUnsubscribe != UnsubscribeUnbind && c.OnUnsubscribe != UnsubscribeKeep {
		f.Add("callback.on_unsubscribe", "%q is none of %s, %s", c.OnUnsubscribe, UnsubscribeUnbind, UnsubscribeKeep)
	}
}

// Validate adds what is wrong with the texts of an account, under the account's key.
func (t Texts) Validate(f *config.Faults, key string) {
	for name, text := range map[string]string{"welcome": t.Welcome, "default_answer": t.Default} {
		switch {
		case len(text) > wechat.MaxTextBytes:
			f.Add(key+"."+name, "has %d bytes, the platform takes %d", len(text), wechat.MaxTextBytes)
		case !utf8.ValidString(text) || text != "" && strings.TrimSpace(text) == "":
			f.Add(key+"."+name, "is no text")
		case strings.Contains(text, "流水号："):
			f.Add(key+"."+name, "contains 流水号：, by which followers know an accepted order")
		}
	}
}
