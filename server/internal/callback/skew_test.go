package callback

import (
	"testing"
	"time"
)

// A platform whose clock is ahead does not make the second try of a message look younger
// than a change that came between the two.
func TestThePlatformsClockIsAhead(t *testing.T) {
	t.Parallel()
	var l lead
	arrived := time.Unix(1_700_000_000, 0)
	created := arrived.Add(3 * time.Second).Unix()
	for _, step := range []struct {
		after time.Duration
		want  time.Time
	}{
		{0, arrived},
		{5 * time.Second, arrived},
		{leadAge + 5*time.Second, arrived},
		{4 * leadAge, time.Unix(created, 0)}, // an observation does not count for ever
	} {
		if got := l.sent(created, arrived.Add(step.after)); !got.Equal(step.want) {
			t.Errorf("%s later: sent %s, want %s", step.after, got, step.want)
		}
	}
	if got := new(lead).sent(created, arrived.Add(time.Minute)); got.Unix() != created {
		t.Errorf("without a lead: %s", got)
	}
}

func BenchmarkLead(b *testing.B) {
	var l lead
	now := time.Now()
	b.RunParallel(func(p *testing.PB) {
		for p.Next() {
			l.sent(now.Unix(), now)
		}
	})
}
