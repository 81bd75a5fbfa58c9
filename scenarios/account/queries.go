package account

import "oalab/scenarios/history"

// Query is a query that the server answered.
type Query struct {
	DueS float64 // seconds after base
	// HandedOver says that its reply had no words: the answer came later (MSG-5).
	HandedOver bool
}

// Queries are those of an arm that were answered, in the order of the plan.
func Queries(all []Message) []Query {
	var list []Query
	for i := range all {
		m := &all[i]
		if !m.isQuery() {
			continue
		}
		if reply, ok := m.answer(); ok {
			list = append(list, Query{DueS: m.DueS, HandedOver: !hasWords(reply)})
		}
	}
	return list
}

// isQuery reports whether the message reached the server and asks the carrier: by its words, or
// by a tap on an item of the menu.
func (m *Message) isQuery() bool {
	return (m.Plan.Kind == history.KindQuery || m.Plan.Event == eventClick) && m.reached()
}
