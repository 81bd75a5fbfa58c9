package scenarios

import (
	"slices"
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/instrument"
	"oalab/scenarios/instrument/clicks"
	"oalab/scenarios/instrument/counters"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// daysOfMonth is the month that a run of usage-analysis is compressed from.
const daysOfMonth = 30

// menuShares are the planted shares of the clicks on the six items of the menu: of items
// 1, 2 and 5 those that the source found, the others such that they add up.
func menuShares() [6]float64 { return [6]float64{0.2991, 0.0265, 0.2700, 0.2169, 0.0475, 0.1400} }

// UsageAnalysis lets followers use the menu over a compressed month and recovers from the
// system's own records what they clicked, what went over the network and how busy the
// servers were (SCN-7).
func UsageAnalysis() Scenario {
	shares := menuShares()
	planted := make([]check.MenuShare, 0, len(shares))
	for i, key := range workload.MenuKeys() {
		planted = append(planted, check.MenuShare{Key: key, Share: shares[i]})
	}
	return Scenario{
		Name:       "usage-analysis",
		Title:      "The user log holds every click that was answered, so that the shares of the menu's items are what followers did; traffic and load follow the days",
		Source:     "SCN-7; thesis 5.2, figures 5-12, 5-13 and 5-14",
		Topologies: []string{Docker},
		Limits: append(slices.Clone(dockerLimits),
			"A month in real time: a day takes a second or a few, so that the load average, which looks back over a minute, follows the month only from afar."),
		Arms: []Arm{{
			Name: "main",
			Setup: Setup{
				Layout:     topology.Layout{Apps: 2, QuickStores: true},
				ProbeEvery: time.Second,
				Instruments: []instrument.Instrument{
					counters.Instrument{Every: 250 * time.Millisecond}, clicks.Instrument{},
				},
			},
			Load:     month,
			Checkers: []check.Checker{check.Menu{Planted: planted, Min: 2000}},
			Objectives: []judge.Objective{
				{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 2000},
				{Figure: "menu_clicks", Relation: ">=", Limit: 2000, MinN: 2000},
				{Figure: "traffic_sent_mean_mb_min", Relation: ">", Limit: 0, MinN: 40},
				fewStatements(2000), quickWhenSteady(1000),
			},
		}},
	}
}

// month is the arrivals of thirty days: working days alike, fewer clicks at the weekend,
// twice as many on the day of the bill and three times as many at a festival.
func month(size Size) (Load, error) {
	day := bySize(size, 800*time.Millisecond, 8*time.Second)
	const usual = 200 // clicks a second
	level := func(n int) float64 {
		switch {
		case n == 1:
			return 2 * usual // the bill
		case n == 15:
			return 3 * usual // the festival
		case n%7 == 6 || n%7 == 0:
			return 0.7 * usual // the weekend
		}
		return usual
	}
	days := make([]profile.Profile, daysOfMonth)
	for i := range days {
		var err error
		if days[i], err = profile.Constant(level(i+1), day); err != nil {
			return Load{}, err
		}
	}
	whole, err := profile.Sequence(days...)
	if err != nil {
		return Load{}, err
	}
	return Load{
		Followers: 10_000, Mix: workload.Mix{Event: 1, Menu: menuShares()},
		Profile: whole, Day: day, Drain: 20 * time.Second,
		Phases: []history.Phase{{Name: "steady", ToS: whole.Length().Seconds()}},
	}, nil
}
