package chaos

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"time"
)

// Lasting is an optional power of a Fault whose length others rely on, such as
// a server that must stay down long enough for its clients to notice. The For of
// its entry counts from the moment it is in effect instead of from At, so the
// time in effect is never shorter than For, and For must be at least MinFor.
type Lasting interface {
	MinFor() time.Duration
}

// key is what two entries may not share at the same time.
type key struct {
	target Target
	fault  string
}

func (e Entry) key() key { return key{target: e.Fault.Target(), fault: e.Fault.Name()} }

// end is the planned end of the entry after the base.
func (e Entry) end() time.Duration { return e.At + e.For }

// due is when the recovery of an entry is asked for, given when it was seen in
// effect: never before At+For, and a Lasting fault is in effect for its whole For.
func (e Entry) due(from time.Duration) time.Duration {
	if _, ok := e.Fault.(Lasting); ok {
		return max(e.end(), from+e.For)
	}
	return e.end()
}

// Validate says all that is wrong with a schedule, joined: an entry without a
// fault, name, target or length, one before the base, a Lasting fault that is
// asked for less than its minimum, and the same fault on the same target at the
// same time. An empty schedule is valid: it is the control arm's.
func (s Schedule) Validate() error {
	var errs []error
	fail := func(i int, format string, args ...any) {
		errs = append(errs, fmt.Errorf("entry %d of the schedule: "+format, append([]any{i}, args...)...))
	}
	lanes := make(map[key][]int)
	for i, e := range s {
		if e.Fault == nil {
			fail(i, "has no fault; use Noop for a fault that does nothing")
			continue
		}
		k := e.key()
		if k.fault == "" || k.target == "" {
			fail(i, "fault %q on target %q needs both a name and a target", k.fault, k.target)
		}
		if e.At < 0 {
			fail(i, "%s on %s starts %v before the base", k.fault, k.target, -e.At)
		}
		if e.For <= 0 {
			fail(i, "%s on %s has length %v; give it a positive one", k.fault, k.target, e.For)
		}
		if l, ok := e.Fault.(Lasting); ok && e.For < l.MinFor() {
			fail(i, "%s on %s lasts %v, but at least %v is promised", k.fault, k.target, e.For, l.MinFor())
		}
		lanes[k] = append(lanes[k], i)
	}
	for k, lane := range lanes {
		sortByStart(s, lane)
		for n := 1; n < len(lane); n++ {
			before, after := s[lane[n-1]], s[lane[n]]
			if after.At < before.end() {
				fail(lane[n], "%s on %s starts at %v while entry %d of the same fault lasts until %v",
					k.fault, k.target, after.At, lane[n-1], before.end())
			}
		}
	}
	return errors.Join(errs...)
}

// Length is the planned end of the last entry, 0 for an empty schedule.
func (s Schedule) Length() time.Duration {
	var end time.Duration
	for _, e := range s {
		end = max(end, e.end())
	}
	return end
}

// sortByStart orders indices into s by start, keeping the given order of equals.
func sortByStart(s Schedule, indices []int) {
	slices.SortStableFunc(indices, func(a, b int) int { return cmp.Compare(s[a].At, s[b].At) })
}
