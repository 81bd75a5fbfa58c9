package support_test

import (
	"context"
	"log/slog"
	"testing"
	"time"

	"oalab/server/internal/support"
)

type fixedStore support.Keywords

func (f fixedStore) ListKeywords(context.Context, string) (support.Keywords, error) {
	return support.Keywords(f), nil
}

// TestTheTableOfTheMessagesTime: a change between two tries of a message does not change
// its answer, whether it edits, adds, hides or removes an entry.
func TestTheTableOfTheMessagesTime(t *testing.T) {
	t.Parallel()
	entry := func(keyword, answer string, hidden bool) support.Entry {
		return support.Entry{Keyword: keyword, Match: support.MatchEqual, Answers: []string{answer}, Hidden: hidden}
	}
	first, second := time.UnixMilli(1_700_000_010_500), time.UnixMilli(1_700_000_020_000)
	s := support.New(fixedStore{
		Entries: []support.Entry{entry("edited", "three", false), entry("added", "new", false), entry("hidden", "h", true)},
		Replaced: []support.Replaced{
			{At: second, Existed: true, Entry: entry("edited", "two", false)},
			{At: second, Existed: false, Entry: entry("added", "", false)},
			{At: first, Existed: true, Entry: entry("edited", "one", false)},
			{At: first, Existed: true, Entry: entry("hidden", "h", false)},
			{At: first, Existed: true, Entry: entry("removed", "r", false)},
		},
	}, nil, []string{"a"}, slog.New(slog.DiscardHandler))
	if err := s.Reload(t.Context()); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		at   time.Time
		want map[string]string
	}{
		{second.Add(time.Hour), map[string]string{"edited": "three", "added": "new"}},
		{second, map[string]string{"edited": "three", "added": "new"}},
		{second.Add(-time.Millisecond), map[string]string{"edited": "two"}},
		{first, map[string]string{"edited": "two"}},
		{first.Truncate(time.Second), map[string]string{"edited": "one", "hidden": "h", "removed": "r"}},
		{time.Unix(0, 0), map[string]string{"edited": "one", "hidden": "h", "removed": "r"}},
	} {
		for _, keyword := range []string{"edited", "added", "hidden", "removed"} {
			if got := words(s.Answer("a", keyword, "1", step.at)); got != step.want[keyword] {
				t.Errorf("%s of a message of %s: %q, want %q", keyword, step.at.UTC(), got, step.want[keyword])
			}
		}
	}
}
