package figure

import (
	"math"
	"slices"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// When a server counts as ejected from the balancing and as back in it.
const (
	// shareOver is the stretch in seconds over which a share is taken: long enough for
	// a share to mean something, short against any time-out of Nginx.
	shareOver = 0.5
	// leastRequests is how many requests all servers together must get in it.
	leastRequests = 10
	// ejectedBelow and backAbove are parts of an even share. The rare requests by which Nginx
	// tries an ejected server lie in between.
	ejectedBelow = 0.1
	backAbove    = 0.5
)

// balance is the app servers of an arm.
type balance []account.Upstream

// total is what all servers got in [from, to).
func (b balance) total(from, to float64) float64 {
	sum := 0.0
	for _, u := range b {
		sum += u.In(from, to)
	}
	return sum
}

// share is a server's share in [from, to), NaN when less than least went to all.
func (b balance) share(i int, from, to, least float64) float64 {
	all := b.total(from, to)
	if all < least {
		return math.NaN()
	}
	return b[i].In(from, to) / all
}

// first is how long after from the share of a server over the next shareOver seconds
// first is as wanted; it is looked at with every sample, and all of [from, to] when it
// never is.
func (b balance) first(i int, from, to float64, wanted func(evenShares float64) bool) float64 {
	look := func(s float64) bool {
		v := b.share(i, s, s+shareOver, leastRequests)
		return !math.IsNaN(v) && wanted(v*float64(len(b)))
	}
	if look(from) {
		return 0
	}
	for _, r := range b[i].Rises {
		if r.ToS > from && r.ToS <= to-shareOver && look(r.ToS) {
			return r.ToS - from
		}
	}
	return to - from
}

// shares adds the figures of app servers behind Nginx (DIS-9, SCN-21), if there was a
// probe of them: before the first fault of any of them the share of each and the largest over the
// smallest; for each fault of a server the longest time until it was ejected and,
// once healed, back again, and its share in and after the window. A server that was
// never ejected or never came back counts with all the time it had. N is the number
// of requests behind a share, of windows behind a time.
func (r *reckoning) shares(windows []history.Window) {
	b := balance(account.Upstreams(r.arm))
	if len(b) == 0 {
		return
	}
	end := max(r.arm.Record.Load.DurationS, 0)
	if end == 0 {
		end = r.end
	}
	before := end
	for _, w := range windows {
		if slices.ContainsFunc(b, func(u account.Upstream) bool { return u.Name == w.Target }) {
			before = min(before, account.Begins(w))
		}
	}
	if all := b.total(0, before); all >= leastRequests {
		least, most := math.Inf(1), 0.0
		for _, u := range b {
			n := u.In(0, before)
			least, most = min(least, n), max(most, n)
			r.add("share/"+u.Name, n/all, int(math.Round(all)))
		}
		// One that got nothing is taken for one request: the ratio stays a number.
		r.add("balance_max_min", most/max(1, least), int(math.Round(all)))
	}
	for _, fault := range account.FaultsOf(windows) {
		r.sharesOf(fault, b, windows, end)
	}
}

func (r *reckoning) sharesOf(fault string, b balance, windows []history.Window, end float64) {
	var ejected, back, during, after, allDuring, allAfter float64
	n := 0
	for _, w := range account.WindowsOf(windows, fault) {
		i := slices.IndexFunc(b, func(u account.Upstream) bool { return u.Name == w.Target })
		if i < 0 || !account.InEffect(w) {
			continue
		}
		n++
		healed, until := max(w.ToS, w.HealedS), max(end, w.ToS, w.HealedS)
		for _, next := range windows {
			if next.FromS > w.FromS {
				until = max(healed, min(until, account.Begins(next)))
			}
		}
		ejected = max(ejected, b.first(i, w.FromS, w.ToS, func(even float64) bool { return even < ejectedBelow }))
		home := b.first(i, healed, until, func(even float64) bool { return even >= backAbove })
		back = max(back, home)
		during += b[i].In(w.FromS, w.ToS)
		allDuring += b.total(w.FromS, w.ToS)
		if home >= until-healed {
			home = 0 // never back: all the time counts
		}
		after += b[i].In(healed+home, until)
		allAfter += b.total(healed+home, until)
	}
	if n == 0 {
		return
	}
	suffix := "/" + fault
	r.add("ejected_after_s"+suffix, ejected, n)
	r.add("readmitted_after_s"+suffix, back, n)
	r.add("share_in"+suffix, during/allDuring, int(math.Round(allDuring)))
	r.add("share_after"+suffix, after/allAfter, int(math.Round(allAfter)))
}
