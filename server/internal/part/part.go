// Package part owns the form in which a feature hands over what it gives: package server
// mounts parts one like the other and knows no feature. It holds types only.
package part

import (
	"context"

	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/web"
)

// Part is what one feature, or one thing that features share, gives to a server. The zero
// value gives nothing. Parts start in the order in which they are mounted and stop in the
// reverse order: of one part first its loops, then what Start began.
type Part struct {
	// Name names Stop and the routes in errors.
	Name string
	// Routes are the addresses that it answers. Those of area Admin are served at admin_listen
	// where that is set.
	Routes []web.Route
	// Start begins what is no loop and returns at once; nil means nothing.
	Start func()
	// Stop ends what Start began, and what goes on at a request; nil means nothing. It is
	// called once, only if the part was started, and returns soon after ctx ends.
	Stop func(ctx context.Context) error
	// Loops run from the start to the stop.
	Loops []Loop
	// Answers are asked for the answer to a message, each at its rank.
	Answers []message.Answerer
	// Listens are told of messages and events before these are answered.
	Listens []message.Listener
	// Private reports whether what a follower wrote is a secret, which is kept nowhere; nil
	// means never.
	Private func(text string) bool
	// Jobs are the handlers of the job types that its stanza declares, by their kinds.
	Jobs job.Catalogue
	// Health is asked for whenever readiness is (LOG-6), before the start too.
	Health []Health
}

// Loop is work that goes on until it is stopped.
type Loop struct {
	Name string
	// Run returns soon after ctx ends. Its error is that of the stop.
	Run func(ctx context.Context) error
}

// Health says how something is that the server needs.
type Health struct {
	// Name is the key under which /readyz shows it.
	Name string
	// Ask returns nil when it is well. It is safe for concurrent use and returns soon after
	// ctx ends.
	Ask func(ctx context.Context) error
	// Dispensable means that a server without it is still ready: it is slower or puts work
	// off, but is not wrong.
	Dispensable bool
}
