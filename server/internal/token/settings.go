package token

import "oalab/server/internal/config"

// Settings says which tokens are kept in memory.
type Settings struct {
	// Always is how many of accounts, the first ones, have tokens that are renewed also while
	// nothing asks for them, and metrics of their own. The tokens of the others are kept from
	// the first question on, for as long as they are asked for.
	Always int `yaml:"always"`
	// Capacity is how many of the other accounts are in memory, for each kind of token.
	Capacity int `yaml:"capacity"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings { return Settings{Always: 100, Capacity: DefaultCapacity} }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if s.Always < 0 {
		f.Add("tokens.always", "must not be negative")
	}
	if s.Capacity < 1 {
		f.Add("tokens.capacity", "must be positive")
	}
}
