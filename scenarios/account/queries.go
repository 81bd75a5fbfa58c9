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
		if reply, ok := all[i].queried(); ok {
			list = append(list, Query{DueS: all[i].DueS, HandedOver: !hasWords(reply)})
		}
	}
	return list
}

// queried is what the server answered to a query; ok is false for any other message, and for
// one without an answer.
func (m *Message) queried() (reply string, ok bool) {
	if !m.isQuery() {
		return "", false
	}
	return m.answer()
}

// isQuery reports whether the message reached the server and asks the carrier: by its words, or
// by a tap on an item of the menu.
func (m *Message) isQuery() bool {
	return (m.Plan.Kind == history.KindQuery || m.Plan.Event == eventClick) && m.reached()
}
