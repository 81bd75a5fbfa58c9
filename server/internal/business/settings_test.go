package business_test

import (
	"log/slog"
	"testing"

	"oalab/server/internal/business"
)

// The bounds come from the stanzas orders and callback: New has none of its own.
func TestNewRefusesMissingBounds(t *testing.T) {
	t.Parallel()
	for name, change := range map[string]func(*business.Config){
		"InlineWait":     func(c *business.Config) { c.InlineWait = 0 },
		"CarrierTimeout": func(c *business.Config) { c.CarrierTimeout = 0 },
		"SweepEvery":     func(c *business.Config) { c.SweepEvery = 0 },
		"SweepAfter":     func(c *business.Config) { c.SweepAfter = 0 },
	} {
		cfg := defaults()
		change(&cfg)
		if _, err := business.New(cfg, business.Stores{}, nil, nil, slog.New(slog.DiscardHandler), nil); err == nil {
			t.Errorf("a Config without %s was taken", name)
		}
	}
	if _, err := business.New(defaults(), business.Stores{}, nil, nil, slog.New(slog.DiscardHandler), nil); err != nil {
		t.Errorf("the default settings were refused: %v", err)
	}
}
