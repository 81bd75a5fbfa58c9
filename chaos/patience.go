package chaos

import (
	"context"
	"time"
)

type patienceKey struct{}

// WithPatience returns a context in which limits of waiting are factor times as long: for
// a machine that is so many times slower than the one that the limits are stated for. A
// factor below 1 counts as 1. Limits that are part of what is measured, and the time-outs
// that the product itself is configured with, do not change.
func WithPatience(ctx context.Context, factor float64) context.Context {
	return context.WithValue(ctx, patienceKey{}, max(1, factor))
}

// Patience is the factor of a context: 1 unless WithPatience said otherwise.
func Patience(ctx context.Context) float64 {
	if f, ok := ctx.Value(patienceKey{}).(float64); ok {
		return f
	}
	return 1
}

// Patient is a limit of waiting as long as it is in a context.
func Patient(ctx context.Context, limit time.Duration) time.Duration {
	return time.Duration(float64(limit) * Patience(ctx))
}
