package retention

import (
	"oalab/server/internal/cache"
	"oalab/server/internal/config"
)

// Settings is how long the tables of the group core keep rows that nothing depends on any
// more (docs/retention.md). What is open is never removed.
type Settings struct {
	// Replies is for how long the reply of a message is kept: a message that comes again
	// within it has the same reply.
	Replies config.Period `yaml:"replies"`
	// Orders is for how long after its end a told order stays among the live ones. It goes
	// to the archive then, where it stays.
	Orders config.Period `yaml:"orders"`
	// DeadLetters is for how long a job that was given up can be seen and retried.
	DeadLetters config.Period `yaml:"dead_letters"`
	// Growth is for how long the counts of a day are kept: how many followers came and left, by
	// scene.
	Growth config.Period `yaml:"growth"`
	// Dialogues is for how long after their last use is kept what followers began in the chat:
	// attempts to bind a number, with what the carrier said of a number that is not bound, and
	// pages of the catalogue.
	Dialogues config.Period `yaml:"dialogues"`
	// Media is for how long pictures, recordings and videos are kept that followers sent.
	Media config.Period `yaml:"media"`
}

// DefaultSettings are those of an empty stanza.
func DefaultSettings() Settings {
	return Settings{Replies: 3 * config.Day, Orders: 184 * config.Day, DeadLetters: 30 * config.Day, Growth: 1096 * config.Day, Dialogues: 30 * config.Day, Media: 184 * config.Day}
}

// minReplies is twice the time for which a shared cache answers a message that comes again.
const minReplies = config.Period(2 * cache.ReplyTTL)

// Validate adds what is wrong with the settings, each under its key.
func (s Settings) Validate(f *config.Faults) {
	if s.Replies < minReplies {
		f.Add("retention.replies", "%v is below %v: a message that comes again would be done again", s.Replies, minReplies)
	}
	if s.Orders < s.Replies {
		f.Add("retention.orders", "%v is below retention.replies, %v", s.Orders, s.Replies)
	}
	if s.DeadLetters < config.Day {
		f.Add("retention.dead_letters", "%v is below %v", s.DeadLetters, config.Day)
	}
	if s.Growth < 31*config.Day {
		f.Add("retention.growth", "%v is below %v", s.Growth, 31*config.Day)
	}
	if s.Media < config.Day {
		f.Add("retention.media", "%v is below %v", s.Media, config.Day)
	}
	if s.Dialogues < 2*config.Day {
		f.Add("retention.dialogues", "%v is below %v", s.Dialogues, 2*config.Day)
	}
	for key, p := range map[string]config.Period{
		"replies": s.Replies, "orders": s.Orders, "dead_letters": s.DeadLetters, "growth": s.Growth, "dialogues": s.Dialogues, "media": s.Media,
	} {
		if p > config.MaxPeriod {
			f.Add("retention."+key, "%v is above %v", p, config.MaxPeriod)
		}
	}
}
