package server

import (
	"context"
	"errors"
	"sync"

	"oalab/server/internal/web"
)

var (
	errStarting = errors.New("starting")
	errStopping = errors.New("stopping")
)

// readiness says whether the server should get traffic (LOG-6).
type readiness struct {
	mu     sync.Mutex
	up     bool
	reason error // why the server itself is not ready
	// database and nginx are what a server cannot do without; one that is nil is not its
	// business: nginx is that of a scaler, which has no database.
	database, nginx func(context.Context) error
	// redis is named, but a server without it is ready: it is slower, not wrong.
	redis func(context.Context) error
	// broker is named when there is one; nil for the queue in the process. A server
	// without it is ready: it accepts orders, which wait in the outbox. Were it taken
	// out of the traffic, all would be at once, and late would become away.
	broker func(context.Context) error
	// userLog likewise: without its database the spool has the messages. It is nil
	// without the role callback.
	userLog func(context.Context) error
}

// turn makes the server itself ready (nil) or not.
func (r *readiness) turn(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up, r.reason = true, reason
}

// Check says how every part is. Upstreams are no part: without them the server
// still answers.
func (r *readiness) Check(ctx context.Context) map[string]error {
	r.mu.Lock()
	reason := r.reason
	if !r.up {
		reason = errStarting
	}
	r.mu.Unlock()
	parts := map[string]error{"server": reason}
	for name, ask := range map[string]func(context.Context) error{"database": r.database, "nginx": r.nginx} {
		if ask != nil {
			parts[name] = ask(ctx)
		}
	}
	for name, ask := range map[string]func(context.Context) error{"redis": r.redis, "broker": r.broker, "user_log": r.userLog} {
		if ask == nil {
			continue
		}
		parts[name] = nil
		if err := ask(ctx); err != nil {
			parts[name] = &web.DispensableError{Err: err}
		}
	}
	return parts
}
