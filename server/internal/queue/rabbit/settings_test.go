package rabbit

import (
	"log/slog"
	"testing"

	"oalab/server/internal/queue/queuetest"
)

// The prefix comes from the stanza amqp: New has none of its own. Without one, deployments
// that share a broker would work at each other's jobs.
func TestNewRefusesAnEmptyPrefix(t *testing.T) {
	t.Parallel()
	q, err := New(Config{URL: "amqp://127.0.0.1:1/"}, queuetest.Types().Queues(), slog.New(slog.DiscardHandler), nil)
	if err == nil {
		q.Close()
		t.Error("a Config without Prefix was taken")
	}
}
