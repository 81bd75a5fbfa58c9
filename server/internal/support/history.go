package support

import (
	"sync"
	"time"
)

// history is the keyword table of an account, and those that it replaced lately. It never
// changes.
type history struct{ versions []*version } // the newest first, never empty

// version is a table that is in force from a moment on, until the next one is. The older
// ones are rarely asked for, so they are built when they are.
type version struct {
	from  time.Time // zero for the oldest one
	table func() *Table
}

// newHistory takes back one change after the other.
func newHistory(k Keywords) *history {
	entries := make(map[entryKey]Entry, len(k.Entries))
	for _, e := range k.Entries {
		entries[keyOf(e)] = e
	}
	table := NewTable(k.Entries)
	h := &history{versions: []*version{{table: func() *Table { return table }}}}
	for rest := k.Replaced; len(rest) > 0; {
		at := rest[0].At
		h.versions[len(h.versions)-1].from = at
		for len(rest) > 0 && rest[0].At.Equal(at) {
			if key := keyOf(rest[0].Entry); rest[0].Existed {
				entries[key] = rest[0].Entry
			} else {
				delete(entries, key)
			}
			rest = rest[1:]
		}
		before := make([]Entry, 0, len(entries))
		for _, e := range entries {
			before = append(before, e)
		}
		h.versions = append(h.versions, &version{table: sync.OnceValue(func() *Table { return NewTable(before) })})
	}
	return h
}

type entryKey struct {
	keyword string
	match   Match
}

func keyOf(e Entry) entryKey { return entryKey{e.Keyword, e.Match} }

func (h *history) current() *Table { return h.versions[0].table() }

// at is the table that was in force at a moment.
func (h *history) at(moment time.Time) *Table {
	for _, v := range h.versions {
		if !moment.Before(v.from) {
			return v.table()
		}
	}
	return h.current() // not reached: the oldest one is in force since ever
}
