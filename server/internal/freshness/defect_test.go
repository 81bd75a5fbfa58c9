//go:build defects

package freshness

import (
	"testing"
	"testing/synctest"
	"time"
)

// How long a change stays unseen with the planted defect, for each way that news can go.
func TestDefectStaleCache(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		tell  bool
		away  bool // the database, from the change on
		after time.Duration
		want  int // 2 is the new table
	}{
		"told":                 {tell: true, after: newsEvery + time.Millisecond, want: 2},
		"not told":             {after: time.Hour, want: 1},
		"the database is away": {tell: true, away: true, after: time.Hour, want: 1},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			synctest.Test(t, func(t *testing.T) {
				s := startWith(t, Believe)
				defer s.stop()
				time.Sleep(20*PollEvery + PollEvery/2) // between two polls
				s.db.set(func() {
					if test.away {
						s.db.away = errAway
					}
				})
				s.change(Keywords, test.tell)
				time.Sleep(test.after)
				if got := s.answers(t); got != test.want {
					t.Errorf("answered from table %d, want %d", got, test.want)
				}
			})
		})
	}
}

// The planted defect loses what was not broadcast, and nothing else: news that the
// database was away for is asked for when it is back.
func TestDefectStaleCacheKeepsTheNews(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := startWith(t, Believe)
		defer s.stop()
		time.Sleep(10 * time.Second)
		s.db.set(func() { s.db.away = errAway })
		s.change(Keywords, true)
		time.Sleep(time.Second)
		s.db.set(func() { s.db.away = nil })
		time.Sleep(PollEvery + newsEvery + time.Millisecond)
		if got := s.answers(t); got != 2 {
			t.Errorf("told while the database was away: table %d, want 2", got)
		}
		asked := s.db.count(&s.db.asked)
		time.Sleep(time.Hour)
		if more := s.db.count(&s.db.asked) - asked; more > 1 {
			t.Errorf("asked %d times without news", more)
		}
	})
}
