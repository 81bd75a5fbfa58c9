// Package check owns the checkers: pure functions that read the history of an arm and the
// ledgers of the mocks and decide whether one invariant held (CHA-6, REP-10).
package check

import (
	"fmt"
	"strings"

	"oalab/scenarios/history"
)

// Finding is what one checker says about one arm.
type Finding struct {
	Verdict    history.Verdict
	Checked    int    // observations the checker could decide on
	Violations int    // observations that break the invariant
	Detail     string // one line: offenders first, then counts
	// About is what an inconclusive finding is due to; "" is history.ReasonUndecided.
	About history.ReasonKind
}

// Checker judges one invariant on the evidence of one arm. Check must not keep or
// change the arm. It may panic: the judge turns that into inconclusive.
type Checker interface {
	// Name is the checker's fixed name (docs/contracts.md), such as orders.
	Name() string
	Check(a *history.Arm) Finding
}

// Join joins the verdicts of parts into that of the whole: fail beats inconclusive
// beats pass. Without parts the whole is inconclusive.
func Join(verdicts ...history.Verdict) history.Verdict {
	if len(verdicts) == 0 {
		return history.Inconclusive
	}
	out := history.Pass
	for _, v := range verdicts {
		switch v {
		case history.Fail:
			return history.Fail
		case history.Pass:
		case history.Inconclusive:
			out = history.Inconclusive
		default: // an unknown verdict proves nothing
			out = history.Inconclusive
		}
	}
	return out
}

// Ask lets a checker judge an arm. A checker that panics or returns no verdict is
// inconclusive. Otherwise a broken checker would pass.
func Ask(c Checker, a *history.Arm) (f Finding) {
	defer func() {
		if r := recover(); r != nil {
			f = Finding{Verdict: history.Inconclusive, Detail: fmt.Sprintf("checker %s panicked: %v", c.Name(), r)}
		}
	}()
	f = c.Check(a)
	switch f.Verdict {
	case history.Pass, history.Fail, history.Inconclusive:
		return f
	}
	f.Detail = strings.TrimSpace(fmt.Sprintf("checker %s gave no verdict but %q; %s", c.Name(), f.Verdict, f.Detail))
	f.Verdict = history.Inconclusive
	return f
}

// offences collects what breaks an invariant, and words the first few of them.
type offences struct {
	n     int
	named []string
	// full says when the machine was full, if that may be the cause of one of them; else "".
	full string
	// about is the kind of reason why they cannot be judged; "": there is none.
	about history.ReasonKind
}

// few is how many offenders a detail names: enough to start looking, one line long.
const few = 3

func (o *offences) add(format string, args ...any) {
	o.n++
	if len(o.named) < few {
		o.named = append(o.named, fmt.Sprintf(format, args...))
	}
}

// decide sets the verdict: fail if something is wrong, otherwise inconclusive if something
// could not be judged. It reports whether it has set one.
func (f *Finding) decide(wrong, open *offences) bool {
	f.Violations = wrong.n
	switch {
	case wrong.n > 0:
		f.Verdict, f.Detail = history.Fail, wrong.String()
	case open.n > 0:
		f.Verdict, f.Detail, f.About = history.Inconclusive, open.String(), open.about
	default:
		return false
	}
	return true
}

func (o *offences) String() string {
	s := strings.Join(o.named, "; ")
	if rest := o.n - len(o.named); rest > 0 {
		s += fmt.Sprintf("; and %d more", rest)
	}
	if o.full != "" {
		s += "; " + o.full
	}
	return s
}
