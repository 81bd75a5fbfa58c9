package predict

import (
	"fmt"

	"oalab/scenarios/history"
)

// Writes are the settings of a pair of database masters, as far as an outage of
// writing and the loss by it depend on them. Times are in seconds.
type Writes struct {
	VRRP Settings
	// AckS is how long a commit waits for the partner; 0: replication is asynchronous.
	AckS float64
	// CutS is how long before it fell silent the partner was cut off from what it
	// replicates; 0: not before. Commits wait from then on.
	CutS float64
	// Unfenced: who takes over lets others write at once.
	Unfenced bool
	// PerS is how many writes are acknowledged each second.
	PerS float64
}

// What a take-over of writing adds to that of the address, in seconds (docker/mysql).
const (
	// LookS is how long who takes over waits for a sign of the partner: three times 0.1 s.
	LookS = 0.3
	// LeaseS is how long a halted master's kernel lets it write, and AskS how long who
	// takes over may need to find that this is over: a question and a look.
	LeaseS = 1.5
	AskS   = 0.6
	// SettleSlack: the programs that dial the partner and open the gate, the end of what
	// fetches from it (20 to 450 ms were measured on two processors), what is not applied
	// yet, and the new connections of the clients.
	SettleSlack = 0.450
)

// WhatWrites is the text of Prediction.What for an outage of writing.
const WhatWrites = "longest time between two acknowledged canary writes"

// A Fall is how a master falls silent, as far as its partner can tell. MySQL looks only
// once a second whether there are still others who acknowledge, so commits of the partner
// of one whose connections have ended wait for all of Writes.AckS.
type Fall int

// The falls.
const (
	Cut    Fall = iota // nothing comes from it any more
	Killed             // its connections end, too
	Halted             // its kernel goes on, and lets it write until the lease has ended
)

// WriteOutage predicts how long nothing is acknowledged after a master has fallen
// silent. The new master waits for the address's timers, until the old one can write no
// more, and until it has applied what it got. From then on no commit waits for a partner;
// those since a cut before have waited, for AckS at most. Masters that are not fenced
// let others write at once, whose commits wait for the partner for AckS.
func WriteOutage(fault string, fall Fall, w Writes) (history.Prediction, error) {
	p, err := Outage(fault, Silent, w.VRRP)
	if err != nil {
		return history.Prediction{}, err
	}
	p.Probe, p.What, p.Law = history.ProbeCanary, WhatWrites, ""
	switch {
	case w.Unfenced:
		p.HighS += w.AckS
		p.From += fmt.Sprintf("; not fenced; a commit waits %g s for the partner", w.AckS)
	case fall == Halted:
		p.HighS = max(p.HighS, LeaseS) + AskS
		p.From += fmt.Sprintf("; a lease of %g s, and %g s to find that it has ended", LeaseS, AskS)
	default:
		p.HighS += LookS
		p.From += fmt.Sprintf("; %g s of looks at the partner", LookS)
	}
	if fall == Killed && !w.Unfenced && w.AckS > 0 {
		p.HighS = max(p.HighS, w.AckS)
		p.From += fmt.Sprintf("; a commit waits %g s for a partner that has ended", w.AckS)
	}
	switch {
	case w.CutS == 0 || w.AckS == 0:
	case w.CutS < w.AckS:
		p.HighS += w.CutS + BlowLate
		p.From += fmt.Sprintf("; no commit was acknowledged for %g s before", w.CutS)
	default:
		p.HighS = max(p.HighS, w.AckS)
		p.From += fmt.Sprintf("; commits waited for %g s before", w.AckS)
	}
	p.HighS += history.CanaryEveryS + SettleSlack
	return p, nil
}

// By how much the time from a cut to a kill may be shorter than meant, and longer, in
// seconds: the first is a command inside a host, which is over some time after it
// acted, the second one to the daemon, which takes its time to act.
const (
	BlowEarly = 0.1
	BlowLate  = 0.4
)

// WhatLoss is the text of Prediction.What for lost writes.
const WhatLoss = "acknowledged writes that the survivor never got"

// Loss predicts how many acknowledged writes are lost if the link to the partner is
// cut for CutS before the master dies: all of that time if nobody waits for the
// partner, those after AckS if commits wait that long and then go on without.
func Loss(fault string, w Writes) (history.Prediction, error) {
	if !(w.PerS > 0) || w.CutS < 0 {
		return history.Prediction{}, fmt.Errorf("predict the loss by %s: %w: %g writes/s, link cut for %g s", fault, ErrSettings, w.PerS, w.CutS)
	}
	p := history.Prediction{
		Fault: fault, Probe: history.ProbeLoss, What: WhatLoss,
		From: fmt.Sprintf("%g writes/s; link cut for %g s; a commit waits %g s for the partner", w.PerS, w.CutS, w.AckS),
	}
	alone := w.CutS - w.AckS
	// A link that is back before the wait is over loses nothing, however late the blow.
	if w.AckS > 0 && alone+BlowLate <= 0 {
		return p, nil
	}
	p.LawLowS, p.LawHighS = w.PerS*max(0, alone), w.PerS*max(0, alone)
	if w.AckS > 0 {
		p.LawHighS = w.PerS * w.CutS // what waited is acknowledged when the wait ends
	}
	p.LowS, p.HighS = w.PerS*max(0, alone-BlowEarly), p.LawHighS+w.PerS*BlowLate
	return p, nil
}
