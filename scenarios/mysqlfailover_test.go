package scenarios_test

import (
	"testing"

	"oalab/scenarios"
)

// TestMySQLFailover breaks one of two MySQL masters in every way (SCN-3, REP-9).
func TestMySQLFailover(t *testing.T) {
	measured(t)
	onContainers(t, scenarios.MySQLFailover())
}
