package topup

import (
	"time"

	"oalab/server/internal/config"
)

// Settings is the top-ups that followers pay with WeChat Pay. Accounts without a merchant (pay) have
// none.
type Settings struct {
	// NotifyBase is the address at which WeChat Pay reaches this server, such as
	// https://oa.example: what it tells comes to /pay/{account}/notify below it.
	NotifyBase string `yaml:"notify_base"`
	// Amounts are what the page offers, in yuan, such as 30,50,100.
	Amounts Amounts `yaml:"amounts"`
	// Life is for how long a top-up can be paid.
	Life config.Duration `yaml:"life"`
	// AskAfter is how long a top-up waits for the notification of its payment before WeChat Pay is
	// asked. Each further time is twice as long after the one before.
	AskAfter config.Duration `yaml:"ask_after"`
	// SweepEvery is how often a server looks for top-ups whose next step is due.
	SweepEvery config.Duration `yaml:"sweep_every"`
	// PerMinute bounds the top-ups that one follower begins.
	PerMinute int `yaml:"per_minute"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{
		Amounts: Amounts{10, 30, 50, 100, 200, 500}, Life: config.Duration(15 * time.Minute), AskAfter: config.Duration(10 * time.Second),
		SweepEvery: config.Duration(time.Second), PerMinute: 10,
	}
}

// The bounds of what WeChat Pay and the carrier take, and of the pauses between steps.
const (
	minYuan  = 1
	maxYuan  = 50_000
	minLife  = time.Minute
	maxLife  = 2 * time.Hour // that of what a phone pays with
	maxPause = 10 * time.Minute
)

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	f.Address("topup.notify_base", s.NotifyBase)
	if err := s.Amounts.validate(); err != nil {
		f.Add("topup.amounts", "%v", err)
	}
	if life := time.Duration(s.Life); life < minLife || life > maxLife {
		f.Add("topup.life", "%v is not from %v to %v", s.Life, config.Duration(minLife), config.Duration(maxLife))
	}
	for key, d := range map[string]config.Duration{"ask_after": s.AskAfter, "sweep_every": s.SweepEvery} {
		if d < config.Duration(10*time.Millisecond) || d > config.Duration(maxPause) {
			f.Add("topup."+key, "%v is not from 10ms to %v", d, config.Duration(maxPause))
		}
	}
	if s.PerMinute < 1 {
		f.Add("topup.per_minute", "must be positive")
	}
}
