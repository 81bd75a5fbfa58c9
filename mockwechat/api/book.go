package api

import (
	"cmp"
	"slices"
	"sync"
)

// book is what an account has written down about its followers: remarks, tags, the black
// list, and the scene by which a follower came.
type book struct {
	mu      sync.Mutex
	remarks map[string]string
	scenes  map[string]scene
	tags    map[int]*tag
	nextTag int
	black   []string // sorted
}

type tag struct {
	id      int
	name    string
	members []string // sorted
}

// scene is the scene of a QR code.
type scene struct {
	given bool
	id    int
	text  string
}

// firstTag is the first id of an account's own tags; those below are the platform's.
const firstTag = 100

func (b *book) remark(openID, text string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.remarks == nil {
		b.remarks = map[string]string{}
	}
	b.remarks[openID] = text
}

func (b *book) came(openID string, s scene) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.scenes == nil {
		b.scenes = map[string]scene{}
	}
	b.scenes[openID] = s
}

// about is what is written of one follower; the tags are never nil.
func (b *book) about(openID string) (remark string, tags []int, s scene) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.remarks[openID], b.tagsOf(openID), b.scenes[openID]
}

// tagsOf is called under the lock.
func (b *book) tagsOf(openID string) []int {
	ids := []int{}
	for id, t := range b.tags {
		if _, ok := slices.BinarySearch(t.members, openID); ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// sortedTags is called under the lock.
func (b *book) sortedTags() []*tag {
	list := make([]*tag, 0, len(b.tags))
	for _, t := range b.tags {
		list = append(list, t)
	}
	slices.SortFunc(list, func(x, y *tag) int { return cmp.Compare(x.id, y.id) })
	return list
}

// named says whether another tag has that name; it is called under the lock.
func (b *book) named(name string, but int) bool {
	for id, t := range b.tags {
		if t.name == name && id != but {
			return true
		}
	}
	return false
}

// include and exclude keep a sorted list of openids.
func include(list []string, id string) []string {
	i, ok := slices.BinarySearch(list, id)
	if ok {
		return list
	}
	return slices.Insert(list, i, id)
}

func exclude(list []string, id string) []string {
	i, ok := slices.BinarySearch(list, id)
	if !ok {
		return list
	}
	return slices.Delete(list, i, i+1)
}

// after is a page of a sorted list behind one openid; empty: from the beginning.
func after(list []string, openID string) []string {
	from := 0
	if openID != "" {
		i, ok := slices.BinarySearch(list, openID)
		if from = i; ok {
			from++
		}
	}
	return slices.Clone(list[from:min(len(list), from+pageOfFollowers)])
}

func (b *book) isBlack(openID string) bool {
	b.mu.Lock()
	defer b.mu.Unlock()
	_, ok := slices.BinarySearch(b.black, openID)
	return ok
}
