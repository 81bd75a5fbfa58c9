// Package chat owns what followers see of an account on their phones: the last entries of
// each chat. A chat is kept from the moment that its phone is looked at, and only for the
// phones that were looked at last. Followers without a phone therefore cost nothing, and
// memory has a bound, however many there are. It opens no socket and reads no clock.
package chat

import (
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
)

// MaxPhones is how many phones of an account are on; the one that was looked at longest ago
// goes off. MaxEntries is how much of a chat is kept.
const (
	MaxPhones  = 64
	MaxEntries = 200
)

// The sides of a chat.
const (
	FromFollower = "follower"
	FromAccount  = "account"
	FromPlatform = "platform"
)

// Entry is one line of a chat. Its number grows from 1 within a chat.
type Entry struct {
	Number int64     `json:"number"`
	At     time.Time `json:"at"`
	From   string    `json:"from"`

	message.Shown
}

// Book is the chats of an account: a part of its memory. It is safe for concurrent use.
type Book struct {
	on     atomic.Int32 // phones; a load without a phone asks no more than this
	mu     sync.Mutex
	chats  map[string]*phone
	newest []string // openids, by when they were looked at last
}

type phone struct {
	entries []Entry
	number  int64         // of the last entry
	changed chan struct{} // closed by the next entry
}

// Of returns the chats of an account.
func Of(a *platform.Official) *Book { return platform.Part[Book](a) }

// Look turns a follower's phone on, unless it is, and returns the entries after a number, and
// what is closed when there are more.
func (b *Book) Look(openID string, after int64) (entries []Entry, changed <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	p := b.chats[openID]
	if p == nil {
		if b.chats == nil {
			b.chats = map[string]*phone{}
		}
		if len(b.newest) == MaxPhones {
			delete(b.chats, b.newest[0])
			b.newest = b.newest[1:]
		}
		p = &phone{changed: make(chan struct{})}
		b.chats[openID] = p
	} else {
		b.newest = slices.DeleteFunc(b.newest, func(id string) bool { return id == openID })
	}
	b.newest = append(b.newest, openID)
	b.on.Store(int32(len(b.chats)))
	for _, e := range p.entries {
		if e.Number > after {
			entries = append(entries, e)
		}
	}
	return entries, p.changed
}

// Keeps says whether a follower's phone is on.
func (b *Book) Keeps(openID string) bool {
	if b.on.Load() == 0 {
		return false
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.chats[openID] != nil
}

// Add puts a line into a follower's chat, if that phone is on.
func (b *Book) Add(openID, from string, at time.Time, shown message.Shown) {
	if b.on.Load() == 0 {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	if p := b.chats[openID]; p != nil {
		p.add(Entry{At: at, From: from, Shown: shown})
	}
}

// AddEach puts a line into the chats of all phones that are on and wanted.
func (b *Book) AddEach(wanted func(openID string) bool, at time.Time, shown message.Shown) {
	if b.on.Load() == 0 {
		return
	}
	b.mu.Lock()
	ids := slices.Clone(b.newest)
	b.mu.Unlock()
	for _, id := range ids { // wanted takes locks of its own
		if wanted(id) {
			b.Add(id, FromAccount, at, shown)
		}
	}
}

func (p *phone) add(e Entry) {
	p.number++
	e.Number = p.number
	if len(p.entries) == MaxEntries {
		p.entries = slices.Delete(p.entries, 0, 1)
	}
	p.entries = append(p.entries, e)
	close(p.changed)
	p.changed = make(chan struct{})
}
