package series

import (
	"net/http"
	"strings"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// Class is a way in which a single delivery fails.
type Class string

// The classes, the surest first: a refused connection surely did nothing, all others
// may have happened.
const (
	ClassRefused  Class = "connection refused"
	ClassCut      Class = "connection cut"
	ClassTimeout  Class = "no answer in time"
	ClassLost     Class = "answer lost on the way"
	ClassServer   Class = "server error (5xx)"
	ClassClient   Class = "turned down (4xx)"
	ClassBadReply Class = "reply not valid"
)

// Classes lists all of them in a fixed order.
func Classes() []Class {
	return []Class{ClassRefused, ClassCut, ClassTimeout, ClassLost, ClassServer, ClassClient, ClassBadReply}
}

// Errors counts failed deliveries by class and interval; they belong to the interval
// in which they were started.
type Errors struct {
	Of    string            // what is counted: tries or requests
	Total map[Class]int     // only classes that occurred
	Over  []map[Class]int   // one for each interval
	First map[Class]float64 // when a class occurred first, in seconds after base
	Last  map[Class]float64 // and last
}

// Seen lists the classes that occurred, in the order of Classes.
func (e Errors) Seen() []Class {
	var out []Class
	for _, c := range Classes() {
		if e.Total[c] > 0 {
			out = append(out, c)
		}
	}
	return out
}

func (e *Errors) add(c Class, at float64, cut Cut) {
	if e.Total[c] == 0 {
		e.First[c], e.Last[c] = at, at
	}
	e.First[c], e.Last[c] = min(e.First[c], at), max(e.Last[c], at)
	e.Total[c]++
	if i, ok := cut.at(at); ok {
		e.Over[i][c]++
	}
}

// errorsOf classifies the failed tries of an arm, or its failed requests where no
// platform delivered them.
func errorsOf(a *history.Arm, cut Cut) Errors {
	e := Errors{
		Of: "tries", Total: map[Class]int{}, Over: make([]map[Class]int, cut.N),
		First: map[Class]float64{}, Last: map[Class]float64{},
	}
	for i := range e.Over {
		e.Over[i] = map[Class]int{}
	}
	tried := false
	for _, d := range a.Deliveries {
		if !ours(a, d) {
			continue
		}
		tried = true
		if c := classOf(d); c != "" {
			e.add(c, a.Seconds(d.At), cut)
		}
	}
	if tried {
		return e
	}
	e.Of = "requests"
	for _, o := range a.Operations {
		if c := bareClass(o); c != "" {
			e.add(c, o.StartS, cut)
		}
	}
	return e
}

// classOf is the class of a failed try, or "" for a good one.
func classOf(d wl.Delivery) Class {
	switch {
	case d.OK:
		return ""
	case d.Refused:
		return ClassRefused
	case d.Lost:
		return ClassLost
	case d.TimedOut:
		return ClassTimeout
	}
	return statusClass(d.Status)
}

func statusClass(status int) Class {
	switch {
	case status == 0:
		return ClassCut
	case status >= http.StatusInternalServerError:
		return ClassServer
	case status >= http.StatusBadRequest:
		return ClassClient
	}
	return ClassBadReply
}

// bareClass is the class of a request that was sent without the platform's pusher.
func bareClass(o history.Operation) Class {
	switch {
	case o.Status >= http.StatusOK && o.Status < http.StatusMultipleChoices:
		return ""
	case o.Status == 0 && strings.Contains(o.Error, "refused"):
		return ClassRefused
	case o.Status == 0 && (strings.Contains(o.Error, "imeout") || strings.Contains(o.Error, "deadline")):
		return ClassTimeout
	}
	return statusClass(o.Status)
}
