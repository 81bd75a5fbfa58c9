package scenarios_test

import (
	"testing"

	"oalab/scenarios"
)

// TestCarrierFaults: however the carrier fails, no order is lost or done twice, and followers
// hear from the account at once (SCN-9).
func TestCarrierFaults(t *testing.T) {
	t.Parallel()
	passes(t, scenarios.CarrierFaults())
}
