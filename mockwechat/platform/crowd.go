package platform

import (
	"slices"
	"time"
)

// index is the place of a generated follower in the crowd, and false for another openid.
func (f Followers) index(openID string) (int, bool) {
	if !f.generated(openID) {
		return 0, false
	}
	n := 0
	for _, c := range []byte(openID[openIDLen-indexDigits:]) {
		n = n<<6 | indexValue(c)
	}
	return n, true
}

// FollowersAfter returns up to limit followers behind one, in the account's order: the
// list or the crowd, then those that came later. An empty openid begins. It is false for an
// openid that is none of them. The crowd is generated for the page asked for.
func (a *Official) FollowersAfter(openID string, limit int) (page []string, ok bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	named, late := a.Config.Followers.named(), a.late()
	from := 0
	if openID != "" {
		i, found := a.Config.Followers.place(openID)
		if !found {
			at, come := slices.BinarySearch(late, openID)
			if !come {
				return nil, false
			}
			i = named + at
		}
		from = i + 1
	}
	for i := from; i < named+len(late) && len(page) < limit; i++ {
		id := ""
		if i < named {
			id, _ = a.Config.Followers.Pick(uint64(i))
		} else {
			id = late[i-named]
		}
		if f := a.followers[id]; f == nil || !f.gone {
			page = append(page, id)
		}
	}
	return page, true
}

// FollowerCount is how many follow now.
func (a *Official) FollowerCount() int {
	a.mu.Lock()
	defer a.mu.Unlock()
	n := a.Config.Followers.named() + len(a.late())
	for _, f := range a.followers {
		if f.gone {
			n--
		}
	}
	return n
}

// late are the openids that have done something and are neither of the list nor of the crowd, sorted.
func (a *Official) late() []string {
	var ids []string
	for id := range a.followers {
		if _, ok := a.Config.Followers.place(id); !ok {
			ids = append(ids, id)
		}
	}
	slices.Sort(ids)
	return ids
}

// named is how many followers the account has by its configuration.
func (f Followers) named() int {
	if len(f.List) > 0 {
		return len(f.List)
	}
	return f.Count
}

// place is where an openid stands in the list or the crowd.
func (f Followers) place(openID string) (int, bool) {
	if len(f.List) > 0 {
		i := slices.Index(f.List, openID)
		return i, i >= 0
	}
	return f.index(openID)
}

// AnyOpenID is a follower of the account, the administrator's stand-in in reports about
// what the account itself has done; a well-formed openid when there is none.
func (a *Official) AnyOpenID() string {
	if page, _ := a.FollowersAfter("", 1); len(page) > 0 {
		return page[0]
	}
	return Followers{Count: 1}.OpenID(0)
}

// Waiter is a follower that waits for an agent.
type Waiter struct {
	OpenID string
	Since  time.Time
}

// Waiting are the followers whose last message was answered by a transfer to customer
// service, oldest first.
func (a *Official) Waiting() []Waiter {
	a.mu.Lock()
	defer a.mu.Unlock()
	var list []Waiter
	for id, f := range a.followers {
		if !f.waits.IsZero() {
			list = append(list, Waiter{id, f.waits})
		}
	}
	slices.SortFunc(list, func(x, y Waiter) int { return x.Since.Compare(y.Since) })
	return list
}

// Transferred notes that a follower was handed to customer service, or, with a zero time, no longer is.
func (a *Official) Transferred(openID string, at time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if f := a.followers[openID]; f != nil {
		f.waits = at
	}
}
