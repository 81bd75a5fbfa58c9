package bind

import (
	"time"

	"oalab/server/internal/config"
)

// Settings bound what followers can try when they bind a number in the chat.
type Settings struct {
	// CodeLife is how long a code is taken that was sent to a number, in whole minutes.
	CodeLife config.Duration `yaml:"code_life"`
	// WrongCodes is how many wrong codes lock a follower.
	WrongCodes int `yaml:"wrong_codes"`
	// Lock is for how long.
	Lock config.Duration `yaml:"lock"`
	// Gap is the least time between two attempts of a follower, and for a number.
	Gap config.Duration `yaml:"gap"`
	// Hourly is how many attempts a follower can have within an hour, and a number.
	Hourly int `yaml:"hourly"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{
		CodeLife: config.Duration(5 * time.Minute), WrongCodes: 3, Lock: config.Duration(30 * time.Minute),
		Gap: config.Duration(time.Minute), Hourly: 5,
	}
}

// Limits are the settings as a Service takes them.
func (s Settings) Limits() Limits {
	return Limits{
		Life: time.Duration(s.CodeLife), Wrong: s.WrongCodes, Lock: time.Duration(s.Lock), Gap: time.Duration(s.Gap), Hourly: s.Hourly,
	}
}

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if life := time.Duration(s.CodeLife); life < time.Minute || life > time.Hour || life%time.Minute != 0 {
		f.Add("bind.code_life", "%v is not between 1 and 60 whole minutes", s.CodeLife)
	}
	for key, d := range map[string]config.Duration{"lock": s.Lock, "gap": s.Gap} {
		if d <= 0 {
			f.Add("bind."+key, "%v is not above 0", d)
		}
	}
	for key, n := range map[string]int{"wrong_codes": s.WrongCodes, "hourly": s.Hourly} {
		if n < 1 || n > 1000 {
			f.Add("bind."+key, "%d is not between 1 and 1000", n)
		}
	}
}
