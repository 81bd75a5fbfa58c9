package cache

import (
	"strconv"
	"sync"
	"time"

	"oalab/server/internal/binding"
)

const (
	// changesKept is how long the change of a follower is remembered, at least: what was
	// written to Redis before it lives no longer.
	changesKept = SharedBindingTTL + time.Minute
	// newMost is how many followers may be bound beside the filter before it is filled
	// again.
	newMost = 10_000
)

// known are the changes of bindings that this process knows. The zero value knows of none.
type known struct {
	mu       sync.Mutex
	database string // which database the numbers are of
	state    string // the generation of the bindings that seq is of
	seq      int64  // all changes up to it are known
	epoch    int    // counts the times that all bindings may have changed
	floor    int64  // what was read before this change may be of any state
	changed  map[bound]change
	fresh    map[bound]int64 // followers that changed since the filter was filled
	pruned   time.Time
}

// change is the last one of a follower, and when it was heard of.
type change struct {
	seq int64
	at  time.Time
}

// point is what was known when a look-up began.
type point struct {
	database  string
	epoch     int
	seq, last int64 // of all, and of the follower
}

// flight is the name under which look-ups of a follower share one: a change ends it.
func (p point) flight(who bound) string {
	return strconv.Itoa(p.epoch) + "|" + strconv.FormatInt(p.last, 10) + "|" + who.account + "|" + who.openid
}

func (k *known) at(who bound) point {
	k.mu.Lock()
	defer k.mu.Unlock()
	return point{k.database, k.epoch, k.seq, k.changed[who].seq}
}

// believes reports whether what was read of a follower, when all changes up to seq were
// known, is of no older state than what this process knows.
func (k *known) believes(who bound, seq int64) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return seq <= k.seq && k.still(who, seq)
}

// unchanged calls keep when the follower has not changed after seq; no change comes
// between.
func (k *known) unchanged(who bound, seq int64, keep func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.still(who, seq) {
		keep()
	}
}

func (k *known) still(who bound, seq int64) bool {
	return seq >= k.floor && seq >= k.changed[who].seq
}

// isNew reports whether a follower may have been bound after the filter was filled.
func (k *known) isNew(who bound) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	_, is := k.fresh[who]
	return is
}

// crowded reports whether the filter has to be filled for the followers beside it.
func (k *known) crowded() bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	return len(k.fresh) > newMost
}

func (k *known) last() int64 {
	k.mu.Lock()
	defer k.mu.Unlock()
	return k.seq
}

// filled calls swap, and forgets the followers that a filter holds which was read when all
// changes up to seq were known. It is false when all bindings may have changed since.
func (k *known) filled(seq int64, swap func()) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if seq < k.floor {
		return false
	}
	for who, at := range k.fresh {
		if at <= seq {
			delete(k.fresh, who)
		}
	}
	swap()
	return true
}

// learn takes in changes: void is called for each follower that changed, and all when
// every one may have.
func (k *known) learn(news binding.Changes, now time.Time, void func(bound), all func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	everything := func(floor int64) {
		k.epoch++
		k.floor = floor
		k.changed, k.fresh = map[bound]change{}, map[bound]int64{}
		all()
	}
	switch silent := len(news.Changes) == 0 && news.Generation != k.state; {
	case k.changed == nil || news.Gap || news.Database != k.database:
		k.database, k.seq = news.Database, 0
		everything(news.From)
	case silent: // a change that was not noted
		everything(k.seq + 1)
	case len(k.changed) > 10*newMost:
		everything(k.seq + 1)
	}
	k.state = news.Generation
	for _, c := range news.Changes {
		switch who := (bound{c.Account, c.OpenID}); {
		case c.Seq <= k.seq:
			continue
		case c.OpenID == "":
			everything(c.Seq)
		default:
			k.changed[who], k.fresh[who] = change{c.Seq, now}, c.Seq
			void(who)
		}
		k.seq = c.Seq
	}
	if now.Sub(k.pruned) > time.Minute {
		k.pruned = now
		for who, c := range k.changed {
			if now.Sub(c.at) > changesKept {
				delete(k.changed, who)
			}
		}
	}
}
