package config_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/config"
)

// A secret is found by its type wherever it stands, so that a new key cannot be forgotten.
func TestSecretsAreFoundByType(t *testing.T) {
	type inner struct{ Key, Empty config.Secret }
	type outer struct {
		Name  string
		DSN   config.Secret
		Inner inner
		List  []inner
		Map   map[string]config.Secret
		To    *inner
		None  *inner
	}
	got := config.Secrets(outer{
		Name: "shown", DSN: "amqp://app:hunter2@host/", Inner: inner{Key: "one"},
		List: []inner{{Key: "two"}, {Key: "three"}}, Map: map[string]config.Secret{"a": "four"}, To: &inner{Key: "five"},
	})
	slices.Sort(got)
	if diff := cmp.Diff([]string{"amqp://app:hunter2@host/", "five", "four", "hunter2", "one", "three", "two"}, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
