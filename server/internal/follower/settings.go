package follower

import (
	"oalab/server/internal/config"
	"oalab/server/internal/job"
)

// Settings sizes what is done about followers behind the events that tell of them.
type Settings struct {
	// Workers is how many profiles of new followers a server fetches at once.
	Workers int `yaml:"workers"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings { return Settings{Workers: 8} }

// JobTypes are the types of this package's jobs, without their handlers.
func (s Settings) JobTypes() job.Catalogue { return job.Catalogue{profileType(s.Workers)} }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if s.Workers < 1 || s.Workers > 1000 {
		f.Add("followers.workers", "%d is not between 1 and 1000", s.Workers)
	}
}
