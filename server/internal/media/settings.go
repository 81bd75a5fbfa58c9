package media

import (
	"oalab/server/internal/config"
	"oalab/server/internal/filestore"
	"oalab/server/internal/job"
)

// Settings says what is done about media.
type Settings struct {
	// Receive is keep or ignore: whether pictures, recordings and videos that followers send
	// are fetched and kept for retention.media.
	Receive string `yaml:"receive"`
	// MaxSize is the size of the largest one that is kept, 20MiB at most.
	MaxSize config.Size `yaml:"max_size"`
	// Workers is how many a server fetches at once. Each has its file in memory meanwhile.
	Workers int `yaml:"workers"`
}

// What is done about what followers send.
const (
	ReceiveKeep   = "keep"
	ReceiveIgnore = "ignore"
)

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{Receive: ReceiveKeep, MaxSize: filestore.MaxSize, Workers: 4}
}

// JobTypes are the types of this package's jobs, without their handlers.
func (s Settings) JobTypes() job.Catalogue { return job.Catalogue{fetchType(s.Workers)} }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if s.Receive != ReceiveKeep && s.Receive != ReceiveIgnore {
		f.Add("media.receive", "%q is none of %s, %s", s.Receive, ReceiveKeep, ReceiveIgnore)
	}
	if s.MaxSize < 1 || s.MaxSize > filestore.MaxSize {
		f.Add("media.max_size", "%d bytes are not between 1 and %d", s.MaxSize, filestore.MaxSize)
	}
	if s.Workers < 1 || s.Workers > 100 {
		f.Add("media.workers", "%d is not between 1 and 100", s.Workers)
	}
}
