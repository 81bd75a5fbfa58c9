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

// doubts is why what was measured in [from, to] is no proof, without text if it is one:
// the machine was full then, or the probe itself was late by as much as it takes.
func doubts(m account.Machine, from, to float64, probeLate func() bool) doubt {
	switch {
	case m.FullIn(from, to):
		return doubt{m.Words(), history.ReasonMachine}
	case probeLate():
		return doubt{"the probe itself was late by as much", history.ReasonGenerator}
	}
	return doubt{}
}

// charge is where something belongs that is not as it must be: with what is wrong, or,
// where the machine was full, with what cannot be judged.
func charge(m account.Machine, full bool, wrong, open *offences) *offences {
	if !full {
		return wrong
	}
	open.full, open.about = m.Words(), history.ReasonMachine
	return open
}
