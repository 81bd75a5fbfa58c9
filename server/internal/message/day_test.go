package message_test

import (
	"testing"
	"time"

	"oalab/server/internal/message"
)

// TestDay: a day begins where the zone says, and a year's last one is not the next year's first.
func TestDay(t *testing.T) {
	t.Parallel()
	beijing := time.FixedZone("Beijing", 8*3600)
	at := time.Date(2026, 12, 31, 16, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		name string
		at   time.Time
		zone *time.Location
		want int
	}{
		{"no zone", at, nil, 20261231},
		{"the next day in the east", at, beijing, 20270101},
		{"a second before", at.Add(-time.Second), beijing, 20261231},
	} {
		if got := message.Day(c.at, c.zone); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
}
