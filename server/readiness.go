package server

import (
	"context"
	"errors"
	"sync"

	"oalab/server/internal/part"
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
	reason error         // why the server itself is not ready
	health []part.Health // set before the server starts
}

// turn makes the server itself ready (nil) or not.
func (r *readiness) turn(reason error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.up, r.reason = true, reason
}

// Check says how every part is. Without an upstream the server still answers: the platform
// is no part, and the carrier a dispensable one.
func (r *readiness) Check(ctx context.Context) map[string]error {
	r.mu.Lock()
	reason := r.reason
	if !r.up {
		reason = errStarting
	}
	r.mu.Unlock()
	parts := map[string]error{"server": reason}
	for _, h := range r.health {
		err := h.Ask(ctx)
		if err != nil && h.Dispensable {
			err = &web.DispensableError{Err: err}
		}
		parts[h.Name] = err
	}
	return parts
}
