package business

import (
	"encoding/json"

	"oalab/server/internal/job"
)

// The kinds of this package's jobs.
const (
	KindOrder job.Kind = "order" // bring an accepted order to its end at the carrier
	KindQuery job.Kind = "query" // answer a query that the callback handed over
	KindTell  job.Kind = "tell"  // tell a follower how an order ended
)

// Places is how many jobs of each kind are worked at at once.
type Places struct{ Orders, Queries, Tells int }

// JobTypes are the types of this package's jobs, without their handlers. A query repeated is
// a second answer to the follower. An order is worked at under a lease and sent under its
// serial, and the platform swallows a second message under one serial.
func JobTypes(p Places) job.Catalogue { return job.Catalogue{orderType(p), queryType(p), tellType(p)} }

func orderType(p Places) job.Type {
	return job.Type{Kind: KindOrder, Queue: "orders", Places: p.Orders, RepeatHarmless: true}
}

func queryType(p Places) job.Type {
	return job.Type{Kind: KindQuery, Queue: "queries", Places: p.Queries}
}

func tellType(p Places) job.Type {
	return job.Type{Kind: KindTell, Queue: "tells", Places: p.Tells, RepeatHarmless: true}
}

// Jobs are the types of this package's jobs with their handlers.
func (s *Service) Jobs() job.Catalogue {
	order, query, tell := orderType(s.cfg.Places), queryType(s.cfg.Places), tellType(s.cfg.Places)
	order.Handle, order.End = s.runOrder, s.endOrder
	query.Handle, query.End = s.runQuery, s.endQuery
	tell.Handle, tell.End = s.runTell, s.endTell
	return job.Catalogue{order, query, tell}
}

// SerialOf is the serial of the order that a job is about; "" when it is about none.
func SerialOf(env job.Envelope) string {
	if env.Kind != KindOrder && env.Kind != KindTell {
		return ""
	}
	var o struct {
		Serial string `json:"serial"`
	}
	_ = json.Unmarshal(env.Payload, &o) // one that cannot be read names no order
	return o.Serial
}
