package callback

import (
	"container/list"
	"context"
	"net/http"
	"sync"
	"time"
)

// admission decides which tries are served, and when (SEC-2). A try has a deadline, its
// arrival plus the budget; one that cannot be answered by then costs the same work and is
// worth nothing, and under overload such tries would take all the work there is. So:
//
//   - a try is let in at once while the server has room;
//   - further ones wait, unread, for as long as they can still be answered, the oldest first;
//   - while the oldest has been waiting for longer than patience, the newest goes first: it is
//     the one that can still be answered. This is adaptive LIFO, as front ends of large sites
//     have it;
//   - the line holds no more tries than can be served in time. Of more, the one with the least
//     prospect is refused at once;
//   - one whose connection is gone is not begun.
//
// What is refused was not read. It is safe for concurrent use.
type admission struct {
	most   int           // tries served at once, at the most
	budget time.Duration // of a try, from its arrival
	// spare reports whether the processors have room for one more try, and takes it; nil
	// means that they always have. It is asked beyond leastServed tries only, and beyond as
	// many as are served quickly.
	spare func() bool

	mu      sync.Mutex
	inUse   int
	allowed int       // tries served at once, as experience has it: at most most
	shrunk  time.Time // when allowed was last lowered
	line    list.List // of *waiter, oldest first
	service time.Duration
	spread  time.Duration // mean deviation of service
	pace    pace
	looking bool // look is due
}

// door is what a try has to pass before it is worked on. It is safe for concurrent use.
type door interface {
	// enter waits until the try is let in or refused. peer reports whether its sender has
	// hung up; it is asked after a wait only. A closure in its place would be two
	// allocations for each try.
	enter(r *http.Request, arrived time.Time, peer func(*http.Request) (waited time.Duration, gone bool)) verdict
	// leave gives the place of a try that was let in to the next one.
	leave(begun, deadline time.Time)
	// counts are how many tries are served and how many wait.
	counts() (served, waiting int)
	// overloaded reports whether tries have been waiting for longer than a burst lasts.
	overloaded() bool
}

const (
	// leastServed tries are served at once however crowded the processors are: some wait for
	// stores, and the processors must not idle meanwhile.
	leastServed = 16
	// mostServed bounds the tries that are served at once where no bound is set.
	mostServed = 4096
	// mostWaiting bounds the line's memory: each try in it is a goroutine and a connection.
	mostWaiting = 4096
	// patience is for how long a try may wait before the newest goes first. With shorter
	// waits order costs no try its answer, however long a line stands: a server that is just
	// full keeps one without end.
	patience = 100 * time.Millisecond
	// smoothing is the weight of a new observation among those of service, as TCP has it.
	smoothing = 8
	// lookEvery is how often a line is looked at when nothing comes or goes: the processors
	// may have got room meanwhile.
	lookEvery = 2 * time.Millisecond
)

// verdict is what became of a try at the door.
type verdict string

const (
	admittedAtOnce verdict = "at_once"
	admittedInTurn verdict = "waited"       // in the order of arrival
	admittedNewest verdict = "newest_first" // before others that had come earlier
	admittedKept   verdict = "answered_before"
	refusedFull    verdict = "full"    // more wait than can be served in time
	refusedExpired verdict = "expired" // its time is over, or too short for an answer
	refusedGone    verdict = "gone"    // its sender has hung up
)

func verdicts() []verdict {
	return []verdict{admittedAtOnce, admittedInTurn, admittedNewest, admittedKept, refusedFull, refusedExpired, refusedGone}
}

// in reports whether the try is to be served, and so whether leave must be called.
func (v verdict) in() bool {
	return v == admittedAtOnce || v == admittedInTurn || v == admittedNewest
}

// waiter is a try in the line. turn gets one verdict, from the code that took the try out of it.
type waiter struct {
	turn     chan verdict
	since    time.Time // when it came into the line
	deadline time.Time
}

// newAdmission makes an admission; most 0 means mostServed.
func newAdmission(most int, budget time.Duration, spare func() bool) *admission {
	if most <= 0 {
		most = mostServed
	}
	return &admission{most: most, allowed: most, budget: budget, spare: spare}
}

// enter implements door.
func (a *admission) enter(r *http.Request, arrived time.Time, peer func(*http.Request) (time.Duration, bool)) verdict {
	a.mu.Lock()
	now := time.Now()
	w := &waiter{deadline: arrived.Add(a.budget)}
	if a.tooLate(w, now) {
		a.mu.Unlock()
		return refusedExpired
	}
	if a.line.Len() > 0 {
		a.handOn(now)
	}
	if a.line.Len() == 0 && a.room(now) {
		a.inUse++
		a.mu.Unlock()
		return admittedAtOnce
	}
	if a.line.Len() >= a.longest() {
		if !a.newestFirst(now) {
			a.mu.Unlock()
			return refusedFull
		}
		a.take(a.line.Front(), refusedFull)
	}
	w.turn, w.since = make(chan verdict, 1), now
	place := a.line.PushBack(w)
	a.lookSoon()
	a.mu.Unlock()
	return a.wait(r.Context(), w, place, func() bool { _, gone := peer(r); return gone })
}

// wait waits for a try's turn until its time is over.
func (a *admission) wait(ctx context.Context, w *waiter, place *list.Element, gone func() bool) verdict {
	timer := time.NewTimer(time.Until(w.deadline))
	defer timer.Stop()
	ended := refusedExpired
	select {
	case v := <-w.turn:
		return a.begin(v, gone)
	case <-timer.C:
	case <-ctx.Done():
		ended = refusedGone
	}
	a.mu.Lock()
	select {
	case v := <-w.turn: // at the same moment
		a.mu.Unlock()
		return a.begin(v, gone)
	default:
	}
	a.take(place, ended)
	a.mu.Unlock()
	return <-w.turn
}

// begin lets a try that had to wait begin, unless its sender no longer waits for the answer.
func (a *admission) begin(v verdict, gone func() bool) verdict {
	if v.in() && gone() {
		a.mu.Lock()
		a.inUse--
		a.handOn(time.Now())
		a.mu.Unlock()
		return refusedGone
	}
	return v
}

// place is one among the tries that are worked on. The zero value is none. It belongs to one
// goroutine at a time.
type place struct {
	door            door
	begun, deadline time.Time
}

// leave gives the place back, once.
func (p *place) leave() {
	if p.door != nil {
		p.door.leave(p.begun, p.deadline)
		p.door = nil
	}
}

// leave gives the place of a try to the next one, when the work for it has ended. As TCP has
// it, a loss, which is work that ended too late for its try, lowers how many are served at
// once, since something behind this server is at its limit; success raises it again.
func (a *admission) leave(begun, deadline time.Time) {
	a.mu.Lock()
	defer a.mu.Unlock()
	now := time.Now()
	took := now.Sub(begun)
	if a.service == 0 {
		a.service, a.spread = took, took/2
	} else {
		off := took - a.service
		a.service += off / smoothing
		a.spread += (off.Abs() - a.spread) / smoothing * 2
	}
	switch {
	case !now.After(deadline):
		a.allowed = min(a.allowed+1, a.most)
	case now.Sub(a.shrunk) > a.budget/2: // what was begun before tells nothing new
		a.allowed, a.shrunk = max(min(leastServed, a.most), a.inUse*4/5), now
	}
	a.inUse--
	a.pace.count(now)
	a.handOn(now)
}

// handOn fills the places that are free from the line.
func (a *admission) handOn(now time.Time) {
	for a.line.Len() > 0 && a.tooLate(a.line.Front().Value.(*waiter), now) {
		a.take(a.line.Front(), refusedExpired)
	}
	for a.line.Len() > 0 && a.room(now) {
		place, v := a.line.Front(), admittedInTurn
		if a.newestFirst(now) {
			place = a.line.Back()
			if a.line.Len() > 1 {
				v = admittedNewest
			}
		}
		a.inUse++
		a.take(place, v)
	}
}

// lookSoon sees to it that a line that waits for the processors is looked at again.
func (a *admission) lookSoon() {
	if a.spare == nil || a.looking || a.line.Len() == 0 {
		return
	}
	a.looking = true
	time.AfterFunc(lookEvery, func() {
		a.mu.Lock()
		defer a.mu.Unlock()
		a.looking = false
		a.handOn(time.Now())
		a.lookSoon()
	})
}

// take takes a try out of the line with a verdict.
func (a *admission) take(place *list.Element, v verdict) {
	a.line.Remove(place)
	place.Value.(*waiter).turn <- v
}

// room reports whether one more try may be served now, and takes what it needs for that.
func (a *admission) room(now time.Time) bool {
	switch {
	case a.inUse >= a.allowed:
		return false
	case a.inUse < max(leastServed, a.pace.recent(now)):
		return true
	}
	return a.spare == nil || a.spare()
}

// tooLate reports whether a try that began now would be answered after its deadline.
func (a *admission) tooLate(w *waiter, now time.Time) bool {
	return now.After(w.deadline.Add(-a.need()))
}

// newestFirst reports whether order would cost tries their answers.
func (a *admission) newestFirst(now time.Time) bool {
	return a.line.Len() > 0 && now.Sub(a.line.Front().Value.(*waiter).since) > patience
}

// need is how long an answer takes, on the safe side. Half the budget is the most that is
// believed of it: otherwise a server that was slow once would refuse everything, and never
// learn that it is quick again.
func (a *admission) need() time.Duration {
	return min(a.service+2*a.spread, a.budget/2)
}

// longest is how many tries the line may hold: those that can be served before the last of
// them is out of time, by Little's law.
func (a *admission) longest() int {
	if a.service <= 0 {
		return mostWaiting
	}
	perBudget := float64(max(a.inUse, 1)) * float64(a.budget-a.need()) / float64(a.service)
	return max(1, min(int(perBudget), mostWaiting))
}

// overloaded implements door: a try has been waiting for longer than in a burst.
func (a *admission) overloaded() bool {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.newestFirst(time.Now())
}

// counts implements door.
func (a *admission) counts() (served, waiting int) {
	a.mu.Lock()
	defer a.mu.Unlock()
	return a.inUse, a.line.Len()
}
