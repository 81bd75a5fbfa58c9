// Package freshness owns how old the copies may be that a server keeps of what is in
// the database: the keyword tables, the catalogue of business codes, what is cached of
// the bindings, the settings of accounts (STO-7). It knows no Redis and no table.
//
// Every commit that changes such data gives its topic another generation, a name that
// was never used before. A Watch asks the database for the generations each PollEvery,
// and at once when a change was broadcast, and brings the copies up to date. The
// broadcast only hurries the question: one that is lost costs the second until the
// next, and one that is false a statement.
//
// So a change is seen by every message that arrives usually 0.2 s after its commit
// while the broadcast works, and Window after it in any case: a server whose question
// was not answered for so long does not answer from its copies.
package freshness

import (
	"context"
	"time"
)

// Topic is a part of the database that servers keep copies of. One that is new needs a
// row in the table of changes.
type Topic string

// The topics.
const (
	Bindings Topic = "bindings" // which number a follower is bound to
	Business Topic = "business" // the catalogue of business codes
	Keywords Topic = "keywords" // the tables of the smart answer
	Media    Topic = "media"    // the files that answers name
	Settings Topic = "settings" // what was set for accounts at the control server
)

const (
	// PollEvery is how often the generations are asked for without news.
	PollEvery = time.Second
	// Window is how long what was asked for counts, from when it was asked: the oldest
	// that a copy can be which a message is answered from.
	Window = 3 * time.Second
	// newsEvery is the least time between two looks, however much news there is.
	newsEvery = 50 * time.Millisecond
	// askTimeout bounds the question for the generations.
	askTimeout = time.Second
)

// Store is the database.
type Store interface {
	// Generations names the state of each topic. What is read after it is of that
	// state or of a later one.
	Generations(ctx context.Context) (map[Topic]string, error)
}

// Broadcast brings the news that something was changed. It may lose any.
type Broadcast interface {
	// Listen calls heard at each news, and whenever it began to listen again and may
	// have missed some, until ctx ends. heard does not block.
	Listen(ctx context.Context, heard func())
}
