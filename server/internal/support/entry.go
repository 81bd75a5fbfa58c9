package support

import (
	"errors"
	"fmt"
	"strings"

	"oalab/server/wechat"
)

// Entry is one row of a keyword table. An entry that is hidden, or that has no
// keyword or no answer, never matches.
type Entry struct {
	Keyword string
	Match   Match
	// Answers are texts, Replies answers of other kinds (MSG-4): one of all of them is given.
	Answers []string
	Replies []wechat.Reply
	Hidden  bool
}

// accepted is the text by which followers know an accepted order.
const accepted = "流水号："

// Validate returns all reasons for which the entry is not stored, joined, or nil.
func (e Entry) Validate() error {
	var all []error
	if e.Keyword == "" {
		all = append(all, errors.New("keyword is empty"))
	}
	if !e.Match.Valid() {
		all = append(all, fmt.Errorf("match %q is none of %s, %s, %s", e.Match, MatchEqual, MatchMessageContains, MatchKeywordContains))
	}
	if e.contents() == 0 {
		all = append(all, fmt.Errorf("keyword %q has no answers", e.Keyword))
	}
	for _, a := range e.Answers {
		if strings.TrimSpace(a) == "" {
			all = append(all, fmt.Errorf("keyword %q has an empty answer", e.Keyword))
		}
		if strings.Contains(a, accepted) {
			all = append(all, fmt.Errorf("an answer of keyword %q contains %s, by which followers know an accepted order", e.Keyword, accepted))
		}
	}
	for _, r := range e.Replies {
		if err := faultOf(r); err != nil {
			all = append(all, fmt.Errorf("a reply of keyword %q: %w", e.Keyword, err))
		}
	}
	return errors.Join(all...)
}
