package account

import (
	"slices"

	"oalab/scenarios/history"
)

// Double is a stretch in which reachable hosts held the address together.
type Double struct {
	FromS, ToS float64
	Hosts      []string
}

// LengthS is how long they held it together.
func (d Double) LengthS() float64 { return d.ToS - d.FromS }

// Doubled finds the stretches in which more than one reachable host held the address.
func Doubled(hosts []Holding, windows []history.Window) []Double {
	var moments []float64
	for _, h := range hosts {
		for _, c := range h.Changes {
			moments = append(moments, c.AtS)
		}
	}
	if len(moments) == 0 {
		return nil
	}
	end := slices.Max(moments)
	for _, w := range windows {
		moments = append(moments, Begins(w), w.ToS)
	}
	slices.Sort(moments)
	var out []Double
	joins := false
	for i, s := range moments {
		until := end
		if i+1 < len(moments) {
			until = min(until, moments[i+1])
		}
		if until <= s {
			continue
		}
		var held []string
		for _, h := range hosts {
			if h.At(s) == 1 && reachable(h.Host, s, windows) {
				held = append(held, h.Host)
			}
		}
		switch {
		case len(held) < 2:
			joins = false
		case joins && slices.Equal(out[len(out)-1].Hosts, held):
			out[len(out)-1].ToS = until
		default:
			out, joins = append(out, Double{s, until, held}), true
		}
	}
	return out
}

// OutOfReach is the stretch of a window, in seconds after base, in which its fault
// keeps clients from the host that it hits, and whether it does.
func OutOfReach(w history.Window) (fromS, toS float64, ok bool) {
	switch w.Fault {
	case history.FaultKillHost, history.FaultStopHost, history.FaultFreezeHost, history.FaultCutHost,
		history.FaultKillMaster, history.FaultFreezeMaster, history.FaultCutMaster:
		return Begins(w), w.ToS, true
	}
	return 0, 0, false
}

// reachable reports whether no fault kept clients from a host at a moment.
func reachable(host string, s float64, windows []history.Window) bool {
	return !slices.ContainsFunc(windows, func(w history.Window) bool {
		from, to, out := OutOfReach(w)
		return out && w.Target == host && s >= from && s < to
	})
}
