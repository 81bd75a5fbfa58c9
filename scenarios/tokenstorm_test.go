package scenarios_test

import (
	"testing"

	"oalab/scenarios"
	"oalab/scenarios/runner"
)

// TestTokenStorm: the tokens of many accounts end together while a control node dies in a
// refresh, the platform is away, and Redis is cut off and flushed: no read fails or gets a dead
// token (SCN-12, CTL-6, CTL-8).
func TestTokenStorm(t *testing.T) {
	t.Parallel()
	m := passesAs(t, runner.Options{Scenario: scenarios.TokenStorm(), AllArms: true})
	if f, ok := figureIn(m, "tokens_given_again"); !ok || f.Value == 0 {
		t.Errorf("tokens_given_again %+v, want some: the node died in no refresh", f)
	}
}
