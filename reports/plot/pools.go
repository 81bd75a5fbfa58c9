package plot

import (
	"math"
	"strconv"

	gonum "gonum.org/v1/plot"
	"gonum.org/v1/plot/vg"

	"oalab/reports/series"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// hostInk is how the i-th load balancer is drawn.
func hostInk(i int) (Ink, []vg.Length) {
	if i == 0 {
		return Blue, nil
	}
	return Orange, []vg.Length{4, 3}
}

// edges are the ticks of an axis of rates: where the bands begin.
type edges []history.ScalingBand

// Ticks implements gonum's Ticker.
func (e edges) Ticks(lo, hi float64) []gonum.Tick {
	out := []gonum.Tick{{Value: lo, Label: strconv.FormatFloat(lo, 'g', -1, 64)}}
	for _, b := range e {
		if b.FromPerS > lo && b.FromPerS < hi {
			out = append(out, gonum.Tick{Value: b.FromPerS, Label: strconv.FormatFloat(b.FromPerS, 'g', -1, 64)})
		}
	}
	return out
}

// Bands draws the rate of requests and the open connections of each load balancer, with
// a line where each band begins.
func Bands(a series.Arm, lanes Lanes, width vg.Length) *Figure {
	p := New("", "requests per second (log scale)")
	overTime(p, width < Wide, a.EndS)
	p.Y.Scale = gonum.LogScale{}
	p.Y.Min = 1
	top := 10.0
	for _, b := range a.Pools.Scaling.Bands {
		top = max(top, b.FromPerS)
	}
	p.Y.Tick.Marker = edges(a.Pools.Scaling.Bands)
	p.Add(Grid(false, true))
	var keys []Key
	for i, h := range a.Pools.Hosts {
		var rate []XY
		for _, l := range h.Looks {
			if l.PerS > top { // a rate that is not known is no number
				top = l.PerS
			}
			rate = append(rate, XY{l.AtS, max(l.PerS, p.Y.Min)})
		}
		open := heard(h.Looks, func(l account.PoolLook) float64 { return max(l.Values[history.SeriesActive], p.Y.Min) })
		ink, dashes := hostInk(i)
		p.Add(Curve{Points: open, Line: Solid(ink.Faint(0.55), 0.9, 1, 1.6), Dots: true}, Curve{Points: rate, Line: Solid(ink, LineWidth, dashes...), Dots: true})
		keys = append(keys, Key{Label: "requests/s of " + h.Host, Color: ink, Dashes: dashes},
			Key{Label: "open connections of " + h.Host, Color: ink.Faint(0.55), Dashes: []vg.Length{1, 1.6}})
	}
	p.Y.Max = 1.6 * top
	return &Figure{
		Title: "Requests per second and the bands",
		Note:  "From the stub_status of each Nginx, reads of it and health checks included. A horizontal line is where a band begins. A gap is a read without an answer, or a reset of the counters.",
		Keys:  append(keys, lanes.Keys()...), Lanes: lanes, Plot: p, Width: width, Height: tall,
	}
}

// PoolSizes draws how many app servers each load balancer used.
func PoolSizes(a series.Arm, lanes Lanes, width vg.Length) *Figure {
	p := New("", "app servers in use")
	overTime(p, width < Wide, a.EndS)
	most := 1
	for _, b := range a.Pools.Scaling.Bands {
		most = max(most, b.Servers)
	}
	p.Y.Min, p.Y.Max = 0, float64(most)+0.5
	p.Y.Tick.Marker = wholes(most)
	p.Add(Grid(false, true))
	var keys []Key
	for i, h := range a.Pools.Hosts {
		ink, dashes := hostInk(i)
		p.Add(Curve{Points: heard(h.Looks, func(l account.PoolLook) float64 { return float64(l.Pool()) }), Line: Solid(ink, LineWidth+0.4, dashes...), Step: true})
		keys = append(keys, Key{Label: h.Host, Color: ink, Dashes: dashes})
	}
	return &Figure{
		Title: "App servers in the pools",
		Note:  "From the running configuration of each Nginx. Both follow the larger rate of the two. Otherwise a take-over would find a pool that is too small.",
		Keys:  append(keys, lanes.Keys()...), Lanes: lanes, Plot: p, Width: width, Height: low,
	}
}

// wholes are ticks at the whole numbers up to it.
type wholes int

// Ticks implements gonum's Ticker.
func (w wholes) Ticks(float64, float64) []gonum.Tick {
	var out []gonum.Tick
	for i := range int(w) + 1 {
		out = append(out, gonum.Tick{Value: float64(i), Label: strconv.Itoa(i)})
	}
	return out
}

// longestSilence is how long what was seen is taken to last, in seconds.
const longestSilence = 1.6

// heard are the points of what looks told; a host that was silent for longer interrupts
// them.
func heard(looks []account.PoolLook, of func(account.PoolLook) float64) []XY {
	var out []XY
	for i, l := range looks {
		if i > 0 && l.AtS-looks[i-1].AtS > longestSilence {
			out = append(out, XY{looks[i-1].AtS, math.NaN()})
		}
		out = append(out, XY{l.AtS, of(l)})
	}
	return out
}
