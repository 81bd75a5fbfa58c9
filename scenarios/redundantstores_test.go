package scenarios_test

import (
	"testing"

	"oalab/scenarios"
)

// TestRedundantStores kills the Redis primary and a node of the broker (DIS-6).
func TestRedundantStores(t *testing.T) {
	measured(t)
	onContainers(t, scenarios.RedundantStores())
}
