package check

import (
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// doubt is why an observation proves nothing, and what that is about.
type doubt struct {
	text  string
	about history.ReasonKind
}

// doubts says why a measurement in [from, to] proves nothing: the machine was full then, or
// the probe itself was late by as much as it takes. Without text the measurement is a proof.
func doubts(m account.Machine, from, to float64, probeLate func() bool) doubt {
	switch {
	case m.FullIn(from, to):
		return doubt{m.Words(), history.ReasonMachine}
	case probeLate():
		return doubt{"the probe itself was late by as much", history.ReasonGenerator}
	}
	return doubt{}
}

// charge chooses the list for an observation that is not as it must be: wrong, or open if
// the machine was full and nothing can be concluded.
func charge(m account.Machine, full bool, wrong, open *offences) *offences {
	if !full {
		return wrong
	}
	open.full, open.about = m.Words(), history.ReasonMachine
	return open
}
