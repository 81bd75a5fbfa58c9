package support

import (
	"cmp"
	"hash/fnv"
	"slices"
	"strings"

	"oalab/server/wechat"
)

// Table is the keyword table of one account, ready to be searched. It never
// changes. Finding the hits takes time in proportion to the message and the
// hits, not to the table.
type Table struct {
	entries  []Entry // usable ones, in an order that does not depend on the store's
	equal    map[string][]int
	contains *automaton
	suffixes suffixIndex
}

// NewTable builds the table. Entries that can never match are left out.
func NewTable(entries []Entry) *Table {
	t := &Table{equal: make(map[string][]int)}
	for _, e := range entries {
		e.Keyword = normal(e.Keyword)
		e.Answers = slices.DeleteFunc(slices.Clone(e.Answers), func(a string) bool { return a == "" })
		if e.Hidden || e.Keyword == "" || e.contents() == 0 || !e.Match.Valid() {
			continue
		}
		t.entries = append(t.entries, e)
	}
	slices.SortFunc(t.entries, func(a, b Entry) int {
		return cmp.Or(cmp.Compare(a.Keyword, b.Keyword), cmp.Compare(a.Match, b.Match), slices.Compare(a.Answers, b.Answers))
	})
	var within []pattern
	for i, e := range t.entries {
		switch e.Match {
		case MatchEqual:
			t.equal[e.Keyword] = append(t.equal[e.Keyword], i)
		case MatchMessageContains:
			within = append(within, pattern{e.Keyword, i})
		case MatchKeywordContains:
			t.suffixes.add(e.Keyword, i)
		}
	}
	t.contains = newAutomaton(within)
	t.suffixes.sort()
	return t
}

// Len is the number of entries that can match.
func (t *Table) Len() int { return len(t.entries) }

// Hits returns the indexes of the entries that the message hits, ascending, each once.
func (t *Table) Hits(message string) []int {
	message = normal(message)
	if message == "" {
		return nil
	}
	hits := slices.Clone(t.equal[message])
	hits = t.contains.find(message, hits)
	hits = t.suffixes.find(message, hits)
	slices.Sort(hits)
	return slices.Compact(hits)
}

// Choice is an answer that was picked.
type Choice struct {
	Show  wechat.Reply
	entry Entry
	key   string
}

// text takes the place of an answer that cannot be shown: a text of the same entry, nil when it
// has none.
func (c Choice) text() wechat.Reply {
	if n := len(c.entry.Answers); n > 0 {
		return c.entry.content(choose(c.key, "text", n))
	}
	return nil
}

// Answer picks one of the hits and one of its answers. The same table, message
// and key always give the same answer.
func (t *Table) Answer(message, key string) (Choice, bool) {
	hits := t.Hits(message)
	if len(hits) == 0 {
		return Choice{}, false
	}
	entry := t.entries[hits[choose(key, "keyword", len(hits))]]
	return Choice{entry.content(choose(key, "answer", entry.contents())), entry, key}, true
}

// normal is the form in which keywords and messages are compared.
func normal(s string) string { return strings.ToLower(strings.TrimSpace(s)) }

// choose maps a message key to [0, n). The purpose keeps the choices of one
// message independent of each other.
func choose(key, purpose string, n int) int {
	h := fnv.New64a()
	// A hash never returns an error.
	_, _ = h.Write([]byte(purpose + "|" + key))
	// FNV's low bits barely differ for keys that differ in one digit: mix them.
	x := h.Sum64()
	x ^= x >> 33
	x *= 0xff51afd7ed558ccd
	x ^= x >> 33
	x *= 0xc4ceb9fe1a85ec53
	x ^= x >> 33
	return int(x % uint64(n))
}
