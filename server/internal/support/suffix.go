package support

import (
	"slices"
	"sort"
	"strings"
)

// suffixIndex finds the keywords that contain a text: those are the keywords of
// which some suffix begins with it.
type suffixIndex struct {
	suffixes []pattern // ascending by text once sorted; they share the keywords' memory
}

// add takes in all suffixes that begin with a character.
func (x *suffixIndex) add(keyword string, entry int) {
	for i := range keyword {
		x.suffixes = append(x.suffixes, pattern{keyword[i:], entry})
	}
}

func (x *suffixIndex) sort() {
	slices.SortFunc(x.suffixes, func(a, b pattern) int { return strings.Compare(a.text, b.text) })
}

// find appends the entries whose keyword contains the text to hits, some of
// them more than once.
func (x *suffixIndex) find(text string, hits []int) []int {
	first := sort.Search(len(x.suffixes), func(i int) bool { return x.suffixes[i].text >= text })
	for _, s := range x.suffixes[first:] {
		if !strings.HasPrefix(s.text, text) {
			break
		}
		hits = append(hits, s.entry)
	}
	return hits
}
