package scenarios_test

import (
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/runner"
)

// TestOAuthCrowd: in a flash crowd of logins sessions save the platform's calls, and a killed
// login server costs no follower a session or an error (SCN-13, OAU-3).
func TestOAuthCrowd(t *testing.T) {
	t.Parallel()
	m := passesAs(t, runner.Options{Scenario: scenarios.OAuthCrowd(), AllArms: true})
	if f, ok := figureIn(m, "requests_passed_on"); !ok || f.Value == 0 {
		t.Errorf("requests_passed_on %+v, want some", f)
	}
}
