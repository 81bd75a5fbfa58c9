package business

import (
	"time"

	"oalab/server/internal/config"
	"oalab/server/internal/job"
)

// Settings sizes the work behind the reply.
type Settings struct {
	// CarrierTimeout bounds one call to the carrier.
	CarrierTimeout config.Duration `yaml:"carrier_timeout"`
	// Workers is how many orders a server has at the carrier at once.
	Workers int `yaml:"workers"`
	// QueryWorkers is how many handed-over queries it has there at once.
	QueryWorkers int `yaml:"query_workers"`
	// TellWorkers is how many results it tells at once.
	TellWorkers int `yaml:"tell_workers"`
	// MaxAttempts is after how many attempts a job is given up: a dead letter.
	MaxAttempts int `yaml:"max_attempts"`
	// RetryBase is the pause before the second attempt; each further one is longer, with jitter.
	RetryBase config.Duration `yaml:"retry_base"`
	// RetryMax is the longest pause between two attempts.
	RetryMax config.Duration `yaml:"retry_max"`
	// QueryCache is how long an answer of the carrier to a query is kept for its number, unless
	// an order changes the number before; 0 asks the carrier each time.
	QueryCache config.Duration `yaml:"query_cache"`
	// PageLife is how long a follower's number chooses from the page of the catalogue that they
	// were shown.
	PageLife config.Duration `yaml:"page_life"`
	// SweepEvery is how often orders without progress are looked for.
	SweepEvery config.Duration `yaml:"sweep_every"`
	// SweepAfter is how long an order is without progress before it is queued again, and the
	// first rest of an order whose attempts have ended.
	SweepAfter config.Duration `yaml:"sweep_after"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{
		CarrierTimeout: config.Duration(4 * time.Second),
		Workers:        64, QueryWorkers: 128, TellWorkers: 32,
		MaxAttempts: 60,
		RetryBase:   config.Duration(200 * time.Millisecond),
		RetryMax:    config.Duration(2 * time.Second),
		QueryCache:  config.Duration(time.Minute),
		PageLife:    config.Duration(10 * time.Minute),
		SweepEvery:  config.Duration(2 * time.Second),
		SweepAfter:  config.Duration(15 * time.Second),
	}
}

// Places is how many jobs of each kind are worked at at once.
func (s Settings) Places() Places {
	return Places{Orders: s.Workers, Queries: s.QueryWorkers, Tells: s.TellWorkers}
}

// JobTypes are the types of this package's jobs, without their handlers.
func (s Settings) JobTypes() job.Catalogue { return JobTypes(s.Places()) }

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	for key, d := range map[string]config.Duration{
		"carrier_timeout": s.CarrierTimeout, "retry_base": s.RetryBase, "retry_max": s.RetryMax,
		"sweep_every": s.SweepEvery, "sweep_after": s.SweepAfter,
	} {
		if d <= 0 {
			f.Add("orders."+key, "%v is not above 0", d)
		}
	}
	for key, n := range map[string]int{
		"workers": s.Workers, "query_workers": s.QueryWorkers, "tell_workers": s.TellWorkers, "max_attempts": s.MaxAttempts,
	} {
		if n < 1 || n > 10_000 {
			f.Add("orders."+key, "%d is not between 1 and 10000", n)
		}
	}
	if s.QueryCache < 0 {
		f.Add("orders.query_cache", "%v is below 0", s.QueryCache)
	}
	if life := time.Duration(s.PageLife); life < time.Minute || life > maxPageLife {
		f.Add("orders.page_life", "%v is not between 1m and %v", s.PageLife, config.Duration(maxPageLife))
	}
	if s.RetryMax < s.RetryBase {
		f.Add("orders.retry_max", "%v is below retry_base", s.RetryMax)
	}
}
