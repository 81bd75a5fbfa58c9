// Package upstream owns the application faults of the mocks (CHA-4): the rules
// that say how a mock misbehaves, the seeded set of rules a mock asks at every
// call, the part of the control port that sets them, and the harness side that
// makes a chaos.Fault of some rules.
package upstream

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
)

// Action is what a rule does to the connection or the effect of a call.
type Action string

// The actions. Reset breaks the connection before anything is done; hang keeps
// silent until the caller leaves; drip answers a few bytes at a time;
// answer_lost does what was asked and loses the answer; double does it twice.
const (
	ActionNone       Action = ""
	ActionReset      Action = "reset"
	ActionHang       Action = "hang"
	ActionDrip       Action = "drip"
	ActionAnswerLost Action = "answer_lost"
	ActionDouble     Action = "double"
)

// Rule is one way to misbehave, for the calls it matches.
type Rule struct {
	Match Match `json:"match"`
	// Share of the matching calls that are hit, 0 to 1; 0 means 1.
	Share   float64  `json:"share,omitempty"`
	Latency *Latency `json:"latency,omitempty"`
	// ErrCode is answered in the body, as errcode or RspCode; 0 is none.
	ErrCode int `json:"errcode,omitempty"`
	// Status is answered as HTTP status; 0 is none.
	Status int `json:"status,omitempty"`
	// Fault is a SOAP fault code, such as Server.Busy.
	Fault  string `json:"fault,omitempty"`
	Action Action `json:"action,omitempty"`
}

// Match says which calls a rule is for. An empty field matches every call, and
// all fields have to match.
type Match struct {
	Path    string `json:"path,omitempty"`
	Op      string `json:"op,omitempty"`
	Account string `json:"account,omitempty"`
}

func (m Match) covers(path, op, account string) bool {
	return (m.Path == "" || m.Path == path) &&
		(m.Op == "" || m.Op == op) &&
		(m.Account == "" || m.Account == account)
}

// answers reports whether the rule decides how a call ends, not only when.
func (r Rule) answers() bool {
	return r.ErrCode != 0 || r.Status != 0 || r.Fault != "" || r.Action != ActionNone
}

// check returns an error that names the field.
func (r Rule) check() error {
	if !upTo(r.Share, 1) {
		return fmt.Errorf("share: %v is not between 0 and 1 (0 means all)", r.Share)
	}
	if r.Status != 0 && (r.Status < http.StatusOK || r.Status > 599) {
		return fmt.Errorf("status: %d is not an HTTP status from 200 to 599", r.Status)
	}
	switch r.Action {
	case ActionNone, ActionDrip:
	case ActionReset, ActionHang, ActionAnswerLost, ActionDouble:
		if r.ErrCode != 0 || r.Status != 0 || r.Fault != "" {
			return fmt.Errorf("action: %s cannot go with errcode, status or fault, which answer without doing what was asked", r.Action)
		}
	default:
		return fmt.Errorf("action: %q is none of %q", r.Action,
			[]Action{ActionReset, ActionHang, ActionDrip, ActionAnswerLost, ActionDouble})
	}
	if r.ErrCode != 0 && r.Fault != "" {
		return errors.New("errcode: cannot go with fault, an answer has one of them")
	}
	if r.Latency != nil {
		if err := r.Latency.check(); err != nil {
			return fmt.Errorf("latency.%w", err)
		}
	}
	if r.Latency == nil && !r.answers() {
		return errors.New("the rule does nothing: set latency, errcode, status, fault or action")
	}
	return nil
}

// upTo reports whether x is between 0 and high; NaN is not.
func upTo(x, high float64) bool { return x >= 0 && x <= high }

// clone keeps callers from changing an installed rule.
func (r Rule) clone() Rule {
	if r.Latency != nil {
		latency := *r.Latency
		r.Latency = &latency
	}
	return r
}

func clones(rules []Rule) []Rule {
	out := slices.Clone(rules)
	for i := range out {
		out[i] = out[i].clone()
	}
	return out
}
