package api

import (
	"strconv"
	"unicode/utf8"

	"oalab/mockwechat/platform"
)

// The limits of tags and of the black list (sheet 5.2).
const (
	maxTags       = 100
	maxTagName    = 30
	maxTagging    = 50
	maxTagPerUser = 20
	maxBlacking   = 20
)

type tagBody struct {
	Tag struct {
		ID   number `json:"id"`
		Name string `json:"name"`
	} `json:"tag"`
}

// number is a number that may be written as a text, as one SDK writes the ids of tags.
type number int

// UnmarshalJSON reads either form; an empty text is 0.
func (n *number) UnmarshalJSON(b []byte) error {
	var t text
	if err := t.UnmarshalJSON(b); err != nil || t == "" {
		return err
	}
	v, err := strconv.Atoi(string(t))
	*n = number(v)
	return err
}

// locked opens the book of the account; the caller unlocks it.
func (r *request) locked() *book {
	b := platform.Part[book](r.acc)
	b.mu.Lock()
	if b.tags == nil {
		b.tags, b.nextTag = map[int]*tag{}, firstTag
	}
	return b
}

func (r *request) tagName(b *book, id int, name string) bool {
	return r.breaks("tag-name-empty", name == "") ||
		r.breaks("tag-name-long", utf8.RuneCountInString(name) > maxTagName) ||
		r.breaks("tag-name-twice", b.named(name, id))
}

// tagID finds a tag of the account's own.
func (r *request) tagID(b *book, id int) (*tag, bool) {
	t := b.tags[id]
	if r.breaks("tag-system", id >= 0 && id <= 2) || r.breaks("tag-unknown", t == nil) {
		return nil, false
	}
	if t == nil {
		t = &tag{id: id}
	}
	return t, true
}

// serveTagCreate is /cgi-bin/tags/create.
func serveTagCreate(r *request) answer {
	var q tagBody
	bad := !r.decode(&q)
	b := r.locked()
	defer b.mu.Unlock()
	if r.breaks("json", bad) || r.tagName(b, 0, q.Tag.Name) || r.breaks("tag-count", len(b.tags) >= maxTags) {
		return r.refusal()
	}
	t := &tag{id: b.nextTag, name: q.Tag.Name}
	b.nextTag++
	b.tags[t.id] = t
	return answer{fields: map[string]any{"tag": map[string]any{"id": t.id, "name": t.name}}}
}

// serveTags is /cgi-bin/tags/get.
func serveTags(r *request) answer {
	b := r.locked()
	defer b.mu.Unlock()
	list := []map[string]any{}
	for _, t := range b.sortedTags() {
		list = append(list, map[string]any{"id": t.id, "name": t.name, "count": len(t.members)})
	}
	return answer{fields: map[string]any{"tags": list}}
}

// serveTagUpdate is /cgi-bin/tags/update.
func serveTagUpdate(r *request) answer {
	var q tagBody
	bad := !r.decode(&q)
	b := r.locked()
	defer b.mu.Unlock()
	if r.breaks("json", bad) {
		return r.refusal()
	}
	t, ok := r.tagID(b, int(q.Tag.ID))
	if !ok || r.tagName(b, int(q.Tag.ID), q.Tag.Name) {
		return r.refusal()
	}
	t.name = q.Tag.Name
	return answer{}
}

// serveTagDelete is /cgi-bin/tags/delete. More than 100 000 members (45057) cannot be
// tagged 50 at a time within the quotas, so that rule is left out.
func serveTagDelete(r *request) answer {
	var q tagBody
	bad := !r.decode(&q)
	b := r.locked()
	defer b.mu.Unlock()
	if r.breaks("json", bad) {
		return r.refusal()
	}
	if _, ok := r.tagID(b, int(q.Tag.ID)); !ok {
		return r.refusal()
	}
	delete(b.tags, int(q.Tag.ID))
	return answer{}
}

// serveTagsOf is /cgi-bin/tags/getidlist.
func serveTagsOf(r *request) answer {
	var q struct {
		OpenID string `json:"openid"`
	}
	bad := !r.decode(&q)
	r.line.OpenID = q.OpenID
	if r.breaks("json", bad) || r.breaks("openid-foreign", r.acc.Relation(q.OpenID) == platform.Foreign) {
		return r.refusal()
	}
	_, tags, _ := platform.Part[book](r.acc).about(q.OpenID)
	return answer{fields: map[string]any{"tagid_list": tags}}
}

// serveTagged is /cgi-bin/user/tag/get.
func serveTagged(r *request) answer {
	var q struct {
		TagID number `json:"tagid"`
		Next  string `json:"next_openid"`
	}
	bad := !r.decode(&q)
	b := r.locked()
	defer b.mu.Unlock()
	if r.breaks("json", bad) || r.breaks("tag-unknown", b.tags[int(q.TagID)] == nil) {
		return r.refusal()
	}
	t := b.tags[int(q.TagID)]
	if t == nil {
		t = &tag{}
	}
	return page(after(t.members, q.Next), map[string]any{})
}

type taggingBody struct {
	List  []string `json:"openid_list"`
	TagID number   `json:"tagid"`
}

// openIDs judges a list of followers.
func (r *request) openIDs(list []string, limit int) bool {
	if r.breaks("openid-list", len(list) == 0) || r.breaks("openid-list-size", len(list) > limit) {
		return false
	}
	for _, id := range list {
		if r.breaks("openid-foreign", r.acc.Relation(id) == platform.Foreign) {
			return false
		}
	}
	return true
}

// serveTagging is /cgi-bin/tags/members/batchtagging: all of the list, or none.
func serveTagging(r *request) answer { return r.tagging(true) }

// serveUntagging is /cgi-bin/tags/members/batchuntagging.
func serveUntagging(r *request) answer { return r.tagging(false) }

func (r *request) tagging(in bool) answer {
	var q taggingBody
	bad := !r.decode(&q)
	if r.breaks("json", bad) || !r.openIDs(q.List, maxTagging) {
		return r.refusal()
	}
	b := r.locked()
	defer b.mu.Unlock()
	if r.breaks("tag-unknown", b.tags[int(q.TagID)] == nil) {
		return r.refusal()
	}
	t := b.tags[int(q.TagID)]
	if t == nil {
		return answer{}
	}
	if !in {
		for _, id := range q.List {
			t.members = exclude(t.members, id)
		}
		return answer{}
	}
	for _, id := range q.List {
		if r.breaks("tag-per-user", len(b.tagsOf(id)) >= maxTagPerUser) {
			return r.refusal()
		}
	}
	for _, id := range q.List {
		t.members = include(t.members, id)
	}
	return answer{}
}

// serveBlacklist is /cgi-bin/tags/members/getblacklist.
func serveBlacklist(r *request) answer {
	var q struct {
		Begin string `json:"begin_openid"`
	}
	if r.breaks("json", !r.decode(&q)) {
		return r.refusal()
	}
	b := r.locked()
	defer b.mu.Unlock()
	return page(after(b.black, q.Begin), map[string]any{"total": len(b.black)})
}

// serveBlacklisting is /cgi-bin/tags/members/batchblacklist.
func serveBlacklisting(r *request) answer { return r.blacklisting(include) }

// serveUnblacklisting is /cgi-bin/tags/members/batchunblacklist.
func serveUnblacklisting(r *request) answer { return r.blacklisting(exclude) }

func (r *request) blacklisting(change func([]string, string) []string) answer {
	var q taggingBody
	bad := !r.decode(&q)
	if r.breaks("json", bad) || !r.openIDs(q.List, maxBlacking) {
		return r.refusal()
	}
	b := r.locked()
	defer b.mu.Unlock()
	for _, id := range q.List {
		b.black = change(b.black, id)
	}
	return answer{}
}
