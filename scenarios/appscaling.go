package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// The bands of the source (D 5.1.2) are multiplied by this where messages are offered, so
// that the top one is within what a small machine can answer.
const bandFactor = 1.0 / 20

// appCPUs is the share of a processor of each app server. One server carries the lower
// bands but not the top one; five servers carry the top band.
const appCPUs = 0.12

// scaledBands are the source's bands times the factor, each with one app server more
// than the one below.
func scaledBands(factor float64) []history.ScalingBand {
	var bands []history.ScalingBand
	for i, from := range []float64{0, 500, 1000, 5000, 10_000} {
		bands = append(bands, history.ScalingBand{FromPerS: from * factor, Servers: i + 1})
	}
	return bands
}

// scaling is how the pools are sized: in size full each 5 s as in the source, in size
// short five times as often.
func scaling(size Size, factor float64) *history.Scaling {
	return &history.Scaling{
		Bands: scaledBands(factor), Factor: factor,
		EveryS: bySize(size, 1.0, 5), HoldS: bySize(size, 3.0, 15), Margin: 0.1,
	}
}

// scalingLayout is a pair of load balancers before five small app servers. Keepalived
// checks Nginx only twice a second, because each check is a request that the scaler counts.
func scalingLayout(size Size) topology.Layout {
	v := topology.DefaultVRRP()
	v.Check.IntervalS = 0.5
	return topology.Layout{
		Apps: 5, AppCPUs: appCPUs, QuickStores: true, AccessLog: true, VRRP: v, QuietVIP: true, Scaler: scaling(size, bandFactor),
	}
}

// AppScaling lets the load rise through the five bands of the source and fall again, and
// the pool of app servers follow (SCN-2, DIS-2).
func AppScaling() Scenario {
	return Scenario{
		Name:       "app-scaling",
		Title:      "The pool of app servers follows the load through five bands and back, no request is lost by it, and without it followers wait",
		Source:     "SCN-2, DIS-2; thesis 4.2.4, 5.1.2",
		Topologies: []string{Docker},
		Limits: append([]string{
			"The source's rates with messages: its bands are multiplied by 1/20, and each app server has an eighth of a processor, so that a few hundred messages a second need several. Arm unscaled has the source's rates, of a page that Nginx answers itself.",
			"Virtual machines that are started and stopped: the servers run all the time, in the pool or out of it.",
		}, dockerLimits...),
		Arms: []Arm{
			scalingMain(), scalingTakeOver(), scalingEdge(), scalingUnscaled(), scalingControl(),
		},
	}
}

// step is a plateau of the load.
type step struct {
	rate   float64
	length time.Duration
}

// Rates inside the bands, including the requests of health checks and probes: about 6/s in
// size short.
var inBand = []float64{8, 30, 130, 350, 560}

// inSourcesBand are rates inside the bands as the source has them.
var inSourcesBand = []float64{200, 600, 2000, 6000, 11_000}

// everyBand is the sizes of a pool that enters and leaves each band once.
var everyBand = []int{1, 2, 3, 4, 5, 4, 3, 2, 1}

// climb goes up through the bands and down again, at the given rates.
func climb(size Size, rates []float64) []step {
	up, top := bySize(size, 4*time.Second, 20*time.Second), bySize(size, 8*time.Second, 40*time.Second)
	down := bySize(size, 7*time.Second, 35*time.Second)
	last := len(rates) - 1
	var steps []step
	for _, rate := range rates[:last] {
		steps = append(steps, step{rate, up})
	}
	steps = append(steps, step{rates[last], top})
	for i := last - 1; i >= 0; i-- {
		steps = append(steps, step{rates[i], down})
	}
	return steps
}

// plateaus is a load of one rate after the other; each is a phase.
func plateaus(steps ...step) (Load, error) {
	var parts []profile.Profile
	for _, s := range steps {
		p, err := profile.Constant(s.rate, s.length)
		if err != nil {
			return Load{}, err
		}
		parts = append(parts, p)
	}
	whole, err := profile.Sequence(parts...)
	return scalingLoad(whole), err
}

// scalingLoad is mostly texts, because the arm measures the way to the app servers.
func scalingLoad(p profile.Profile) Load {
	load := Load{
		Followers: 5000, Mix: workload.Mix{Text: 0.90, Query: 0.04, Order: 0.03, Event: 0.03}, Profile: p, Drain: 30 * time.Second,
	}
	if p != nil {
		load.Phases = []history.Phase{{Name: "steady", FromS: 0, ToS: p.Length().Seconds()}}
	}
	return load
}

// scalingWait bounds the 99th percentile of the followers' waits. A pool that follows the
// load keeps it. A server that comes in slowly costs at most a second of a plateau.
const scalingWait = 1.5

func scalingObjectives() []judge.Objective {
	return []judge.Objective{
		{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
		{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 1000},
		{Figure: "p99_due_s", Relation: "<", Limit: scalingWait, MinN: 1000},
		{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
	}
}

func scalingCheckers(b check.Bands) []check.Checker {
	return []check.Checker{b, check.Replies{}, check.Orders{Min: 30}, check.Tokens{Calls: 1}}
}

// scalingMain enters and leaves every band once.
func scalingMain() Arm {
	return Arm{
		Name: "main", Sized: func(size Size) Setup { return Setup{Layout: scalingLayout(size)} },
		Load:       func(size Size) (Load, error) { return plateaus(climb(size, inBand)...) },
		Checkers:   scalingCheckers(check.Bands{Path: everyBand}),
		Objectives: scalingObjectives(),
	}
}

// scalingControl is the same load without scalers: the one server of the lowest band must
// carry it, and cannot. Its objective is the reverse of the main arm's.
func scalingControl() Arm {
	return Arm{
		Name: "control", Control: true,
		Sized: func(size Size) Setup {
			layout := scalingLayout(size)
			layout.Scaler.Off = true
			return Setup{Layout: layout}
		},
		Load:       func(size Size) (Load, error) { return plateaus(climb(size, inBand)...) },
		Checkers:   []check.Checker{check.Replies{}, check.Orders{Min: 10}}, // nine messages in ten get no answer
		Objectives: []judge.Objective{{Figure: "p99_due_s", Relation: ">=", Limit: scalingWait, MinN: 1000}},
	}
}

const (
	// staticPage is a page that Nginx answers without an app server.
	staticPage = "/static/site.css"
	// staticWorkers are a hundred times what is in flight, and no more than the connections
	// there may be. Each arrival takes the worker that has waited longest, so that many of
	// them cost more than the requests. An arrival that is late because all workers are
	// busy counts against Nginx.
	staticWorkers = 1000
)

// scalingUnscaled has the bands of the source. Like the source's own run (D 5.1.2) it loads
// a page that Nginx answers itself: a lab of this size has no app servers for 10 000
// requests a second. It has the short intervals in both sizes. Otherwise its requests could
// not all be recorded.
func scalingUnscaled() Arm {
	return Arm{
		Name: "unscaled",
		Sized: func(Size) Setup {
			layout := scalingLayout(Short)
			layout.Scaler, layout.AccessLog = scaling(Short, 1), false
			return Setup{Layout: layout, ProbeEvery: 2 * time.Second}
		},
		Load: func(Size) (Load, error) {
			load, err := plateaus(climb(Short, inSourcesBand)...)
			load.Mix, load.Page, load.MaxWorkers = workload.Mix{}, staticPage, staticWorkers
			return load, err
		},
		Checkers: []check.Checker{check.Bands{Path: everyBand}},
		Objectives: []judge.Objective{
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 100_000},
			{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 100_000},
			{Figure: "lb_peak_per_s", Relation: ">", Limit: 10_000, MinN: 50},
			{Figure: "bands_entered", Relation: "==", Limit: 5, MinN: 50},
		},
	}
}

// When the load balancer is killed, and how long the top band lasts around it.
const (
	takeOverAt  = 11 * time.Second
	takeOverEnd = 18 * time.Second
)

// topBand is a load that goes into the top band and stays there.
func topBand(Size) (Load, error) {
	return plateaus(step{inBand[0], 2 * time.Second}, step{inBand[2], 3 * time.Second}, step{inBand[4], takeOverEnd - 5*time.Second})
}

// takeOverLayout has the probe of the address, which shows the move. It has the short
// intervals in both sizes, because the arm judges the pool at one moment.
func takeOverLayout(size Size) topology.Layout {
	layout := edgeLayout(size)
	layout.QuietVIP = false
	return layout
}

// scalingTakeOver kills the load balancer that has the address in the top band: the
// other one has the pool already.
func scalingTakeOver() Arm {
	return Arm{
		Name: "take-over", Sized: func(size Size) Setup { return Setup{Layout: takeOverLayout(size)} },
		Load:     topBand,
		Faults:   func(size Size) []Fault { return []Fault{killHost(takeOverAt, takeOverLayout(size).VRRP)} },
		Checkers: scalingCheckers(check.Bands{TakeOvers: 1}),
		Objectives: []judge.Objective{
			{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000},
			{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 1000},
			{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
		},
	}
}

// approach goes up to the third band through each band below it. Otherwise the average over
// a step of two bands may or may not fall into the band between.
var approach = []step{{inBand[1], 3 * time.Second}, {inBand[2], 3 * time.Second}}

// hover is a load that swings around the edge of the fourth band, faster than the hold
// and slower than the interval.
func hover(Size) (Load, error) {
	below, err := plateaus(approach...)
	if err != nil {
		return Load{}, err
	}
	around, err := profile.Sine(244, 32, 4*time.Second, 16*time.Second)
	if err != nil {
		return Load{}, err
	}
	whole, err := profile.Sequence(below.Profile, around)
	return scalingLoad(whole), err
}

// edgeLayout has the short intervals in both sizes, because the arm tests their relation to
// the swing.
func edgeLayout(Size) topology.Layout { return scalingLayout(Short) }

// scalingEdge has a load around an edge: the pool must grow once, and stay.
func scalingEdge() Arm {
	return Arm{
		Name: "edge", Sized: func(size Size) Setup { return Setup{Layout: edgeLayout(size)} },
		Load:       hover,
		Checkers:   scalingCheckers(check.Bands{Path: []int{1, 2, 3, 4}}),
		Objectives: []judge.Objective{{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 1000}},
	}
}
