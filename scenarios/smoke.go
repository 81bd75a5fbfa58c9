package scenarios

import (
	"time"

	"oalab/scenarios/check"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// smokeTokenLife lets several access tokens live and die within a run.
const smokeTokenLife = 15 * time.Second

// smokeRate is the steady arrival rate of smoke, in operations per second.
const smokeRate = 320

// embeddedLimits lists what an embedded run cannot show (CLI-3).
var embeddedLimits = []string{
	"MySQL, Redis, RabbitMQ, Nginx and Keepalived: SQLite and an in-process queue stand in for them.",
	"The network between hosts: everything talks over the loopback interface of one machine.",
	"Capacity: generator, server, mocks and proxies share the same cores.",
}

// Smoke is the main job in little: followers talk to the account while the
// carrier turns slow, goes away and loses its answers, the platform loses the
// server's replies and resets its calls, Redis is cut off, and the server itself
// is killed twice, while its access tokens live for 15 s.
func Smoke() Scenario {
	checkers := []check.Checker{
		check.Replies{Min: 30},
		check.Orders{Min: 500, MinPerWindow: map[string]int{
			"carrier-slow": 20, "carrier-down": 20, "answer-lost": 20, "reply-lost": 20, "kill-server": 20,
			"redis-cut": 20, "platform-reset": 20,
		}},
		check.Tokens{Renewals: 3, Calls: 500},
	}
	setup := Setup{TokenLifetime: smokeTokenLife}
	emptyAtEnd := []judge.Objective{
		{Figure: "queue_depth_end", Relation: "==", Limit: 0},
		{Figure: "outbox_rows_end", Relation: "==", Limit: 0},
		{Figure: "work_in_flight_end", Relation: "==", Limit: 0},
		{Figure: "orders_unfinished_end", Relation: "==", Limit: 0},
	}
	main := append([]judge.Objective{
		{Figure: "p99_due_s/carrier-slow", Relation: "<", Limit: 1, MinN: 500},
		{Figure: "p99_due_s/carrier-down", Relation: "<", Limit: 1, MinN: 500},
		{Figure: "p99_due_s/redis-cut", Relation: "<", Limit: 1, MinN: 500},
		{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 5000},
		{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 5000},
		{Figure: "arrivals_dropped", Relation: "==", Limit: 0, MinN: 5000},
		{Figure: "outage_s/kill-server", Relation: "<=", Limit: 6, MinN: 1},
		{Figure: "messages_retried", Relation: ">=", Limit: 200},
		{Figure: "orders_retried", Relation: ">=", Limit: 30},
		quickWhenSteady(500),
	}, emptyAtEnd...)
	control := append([]judge.Objective{
		{Figure: "p99_due_s", Relation: "<", Limit: 1, MinN: 5000},
		{Figure: "failed_requests", Relation: "==", Limit: 0, MinN: 5000},
		{Figure: "error_ratio", Relation: "<=", Limit: 0, MinN: 5000},
		{Figure: "arrivals_dropped", Relation: "==", Limit: 0, MinN: 5000},
		{Figure: "outage_s", Relation: "==", Limit: 0, MinN: 5000},
		quickWhenSteady(500),
	}, emptyAtEnd...)
	return Scenario{
		Name:       "smoke",
		Title:      "Under faults of the carrier, the platform's network and the server's process every acknowledged order is done once and told once, and replies stay quick",
		Source:     "SCN-9, SCN-14, BIZ-6, MSG-5, MSG-6; thesis 2.3, 4.1.2",
		Topologies: []string{Embedded},
		Limits:     embeddedLimits,
		Arms: []Arm{
			{
				Name: "main", Setup: setup, Load: smokeLoad, Faults: smokeFaults,
				Checkers: checkers, Objectives: main,
			},
			{
				Name: "control", Control: true, Setup: setup, Load: smokeControlLoad,
				Checkers:   []check.Checker{check.Replies{}, check.Orders{Min: 200}, check.Tokens{Renewals: 2, Calls: 200}},
				Objectives: control,
			},
		},
	}
}

// smokeFaults are placed so that no message can lose all three of its tries, which are 5 s
// apart. The replies are lost long before the first kill, and a message that meets the
// first kill is tried again between the two kills. Neither Redis cut off nor the calls that
// the platform resets cost a try.
func smokeFaults(Size) []Fault {
	return []Fault{
		replyLost(12*time.Second, 5*time.Second, 0.4),
		carrierSlow(19*time.Second, 6*time.Second, 3, 0.5),
		carrierDown(27*time.Second, 5*time.Second),
		answerLost(34*time.Second, 5*time.Second),
		redisCut(41*time.Second, 4*time.Second),
		killServer(47 * time.Second),
		platformReset(51*time.Second, 4*time.Second, 0.5, apiStableToken, apiTemplate, apiCustom),
		killServer(57 * time.Second),
	}
}

// smokeLoad is 3 s of warm-up, 4 s of ramp, and a steady rate to the end, with
// the faults from 12 s on and 3 s to recover.
func smokeLoad(Size) (Load, error) {
	return openLoad([]history.Phase{
		{Name: "warm-up", FromS: 0, ToS: 3},
		{Name: "ramp", FromS: 3, ToS: 7},
		{Name: "steady", FromS: 7, ToS: 12},
		{Name: "faults", FromS: 12, ToS: 60},
		{Name: "recovery", FromS: 60, ToS: 63},
	}, 100, smokeRate)
}

// smokeControlLoad is the load of smoke for as long as a control needs: until an
// access token has been renewed twice.
func smokeControlLoad(Size) (Load, error) {
	return openLoad([]history.Phase{
		{Name: "warm-up", FromS: 0, ToS: 3},
		{Name: "ramp", FromS: 3, ToS: 7},
		{Name: "steady", FromS: 7, ToS: 28},
	}, 100, smokeRate)
}

// openLoad builds smoke's mix over the given phases: the first runs at low, the
// second climbs to high, the others stay there.
func openLoad(phases []history.Phase, low, high float64) (Load, error) {
	length := func(p history.Phase) time.Duration {
		return time.Duration((p.ToS - p.FromS) * float64(time.Second))
	}
	var parts []profile.Profile
	for i, p := range phases {
		var part profile.Profile
		var err error
		switch i {
		case 0:
			part, err = profile.Constant(low, length(p))
		case 1:
			part, err = profile.Ramp(low, high, length(p))
		default:
			part, err = profile.Constant(high, length(p))
		}
		if err != nil {
			return Load{}, err
		}
		parts = append(parts, part)
	}
	whole, err := profile.Sequence(parts...)
	if err != nil {
		return Load{}, err
	}
	return Load{
		Followers: 10_000,
		Mix:       workload.Mix{Text: 0.60, Query: 0.25, Order: 0.10, Event: 0.05},
		Profile:   whole,
		Phases:    phases,
		Drain:     20 * time.Second,
	}, nil
}
