package pacing

import (
	"cmp"
	"slices"
	"sort"

	"oalab/scenarios/history"
)

// spans are stretches of time in which all workers were busy: half open, in order,
// without overlap.
type spans []stretch

type stretch struct{ from, to float64 }

// saturated finds the stretches in which at least workers operations were in flight.
func saturated(ops []history.Operation, workers int) spans {
	if workers <= 0 || len(ops) < workers {
		return nil
	}
	type event struct {
		at    float64
		delta int
	}
	events := make([]event, 0, 2*len(ops))
	for _, op := range ops {
		events = append(events, event{op.StartS, 1}, event{op.EndS(), -1})
	}
	// At one moment ends come first: the worker that ended takes the next operation.
	slices.SortFunc(events, func(a, b event) int {
		return cmp.Or(cmp.Compare(a.at, b.at), cmp.Compare(a.delta, b.delta))
	})
	var (
		out      spans
		inFlight int
		from     float64
	)
	for _, e := range events {
		was := inFlight >= workers
		inFlight += e.delta
		switch is := inFlight >= workers; {
		case is && !was:
			from = e.at
		case was && !is && e.at > from:
			out = append(out, stretch{from, e.at})
		}
	}
	return out
}

// within reports whether all workers were busy at some moment of [from, to). The
// operation that starts at to and takes the last worker does not count: it got one.
func (s spans) within(from, to float64) bool {
	i := sort.Search(len(s), func(i int) bool { return s[i].to > from })
	return i < len(s) && s[i].from < to
}
