package main

import (
	"testing"

	"oalab/scenarios"
)

// TestRunsAreReported: the runner writes no report on its own account.
func TestRunsAreReported(t *testing.T) {
	if options(scenarios.Smoke(), request{}).Report == nil {
		t.Error("oalab run would leave a folder without report files")
	}
}
