package support_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/support"
)

// TestEntriesThatAreRefused (SVC-1): all that is wrong with an entry is named at once.
func TestEntriesThatAreRefused(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct {
		entry support.Entry
		want  []string
	}{
		"right":  {support.Entry{Keyword: "资费", Match: support.MatchEqual, Answers: []string{"a", "b"}}, nil},
		"hidden": {support.Entry{Keyword: "资费", Match: support.MatchKeywordContains, Answers: []string{"a"}, Hidden: true}, nil},
		"zero": {support.Entry{}, []string{
			"keyword is empty", `match "" is none of equal, message_contains, keyword_contains`, `keyword "" has no answers`,
		}},
		"empty answer": {support.Entry{Keyword: "a", Match: support.MatchMessageContains, Answers: []string{"b", " "}}, []string{`keyword "a" has an empty answer`}},
		"an answer like that of an order": {
			support.Entry{Keyword: "a", Match: support.MatchEqual, Answers: []string{"流水号：1"}},
			[]string{`an answer of keyword "a" contains 流水号：, by which followers know an accepted order`},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var got []string
			if err := tt.entry.Validate(); err != nil {
				got = strings.Split(err.Error(), "\n")
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
		})
	}
}
