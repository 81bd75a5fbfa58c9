package worker_test

import (
	"log/slog"
	"testing"
	"time"

	"oalab/server/internal/job"
	"oalab/server/internal/worker"
)

// The bounds come from the stanza orders: New has none of its own.
func TestNewRefusesMissingBounds(t *testing.T) {
	t.Parallel()
	for name, cfg := range map[string]worker.Config{
		"all":         {},
		"MaxAttempts": {RetryBase: time.Second, RetryMax: time.Second},
		"RetryBase":   {MaxAttempts: 1, RetryMax: time.Second},
		"RetryMax":    {MaxAttempts: 1, RetryBase: time.Second},
	} {
		if _, err := worker.New(cfg, nil, job.Catalogue{}, slog.New(slog.DiscardHandler), nil); err == nil {
			t.Errorf("a Config without %s was taken", name)
		}
	}
}
