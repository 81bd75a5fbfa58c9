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
	// CutS is how long before the master fell silent its replication was cut; 0: not
	// before. Commits wait from the cut on.
	CutS float64
	// Unfenced: the new master accepts writes at once.
	Unfenced bool
	// PerS is how many writes are acknowledged each second.
	PerS float64
}

// The times that a take-over of writing adds to that of the address, in seconds
// (docker/mysql).
const (
	// LookS is how long the new master waits for a sign of its partner: three times 0.1 s.
	LookS = 0.3
	// LeaseS is how long a halted master's kernel still accepts writes. AskS is how long
	// the new master may need to find that this lease is over: one question and one look.
	LeaseS = 1.5
	AskS   = 0.6
	// ReceiverS is how often MySQL looks whether a replica is left that can acknowledge. When
	// the new master lets commits go on without its partner, those under way wait for that look
	// if the connections of the partner have ended by themselves.
	ReceiverS = 1.0
	// SettleSlack: the programs that dial the partner and open the gate, the end of the
	// threads that fetch from the partner (20 to 450 ms were measured on two processors),
	// the transactions that are not yet applied, and the new connections of the clients.
	SettleSlack = 0.450
)

// WhatWrites is the text of Prediction.What for an outage of writing.
const WhatWrites = "longest time between two acknowledged canary writes"

// A Fall is how a master falls silent, as its partner sees it.
type Fall int

// The falls.
const (
	Cut    Fall = iota // nothing comes from it any more
	Killed             // its connections end, too
	Halted             // its kernel goes on, and lets it write until the lease has ended
)

// WriteOutage predicts how long no write is acknowledged after a master has fallen silent.
// The new master waits for the timers of the address, until the old master cannot write any
// more, and until it has applied the transactions that it received. From then on no commit
// waits for a partner. If the link was cut before, commits since the cut have waited, for
// AckS at most. An unfenced new master accepts writes at once, and their commits wait for
// the partner for AckS.
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
		p.HighS = max(p.HighS, LeaseS) + w.VRRP.slack(AskS)
		p.From += fmt.Sprintf("; a lease of %g s, and %g s to find that it has ended", LeaseS, AskS)
	default:
		p.HighS += LookS
		p.From += fmt.Sprintf("; %g s of looks at the partner", LookS)
	}
	if fall == Killed && !w.Unfenced && w.AckS > 0 {
		wait := min(w.AckS, ReceiverS)
		p.HighS = max(p.HighS, wait)
		p.From += fmt.Sprintf("; a commit waits %g s for a partner that has ended", wait)
	}
	switch {
	case w.CutS == 0 || w.AckS == 0:
	case w.CutS < w.AckS:
		p.HighS += w.CutS + w.VRRP.slack(BlowLate)
		p.From += fmt.Sprintf("; no commit was acknowledged for %g s before", w.CutS)
	default:
		p.HighS = max(p.HighS, w.AckS)
		p.From += fmt.Sprintf("; commits waited for %g s before", w.AckS)
	}
	p.HighS += history.CanaryEveryS + w.VRRP.slack(SettleSlack)
	return p, nil
}

// By how much the time from a cut to a kill may be shorter than planned, and longer, in
// seconds. The cut is a command inside a host, which returns some time after it has taken
// effect. The kill is a command to the daemon, which takes effect with a delay.
const (
	BlowEarly = 0.1
	BlowLate  = 0.4
)

// WhatLoss is the text of Prediction.What for lost writes.
const WhatLoss = "acknowledged writes that the survivor never got"

// Loss predicts how many acknowledged writes are lost if the link to the partner is cut for
// CutS before the master dies. If commits do not wait for the partner, all writes of that
// time are lost. If a commit waits for AckS and then goes on alone, the writes after AckS
// are lost.
func Loss(fault string, w Writes) (history.Prediction, error) {
	if !(w.PerS > 0) || w.CutS < 0 {
		return history.Prediction{}, fmt.Errorf("predict the loss by %s: %w: %g writes/s, link cut for %g s", fault, ErrSettings, w.PerS, w.CutS)
	}
	p := history.Prediction{
		Fault: fault, Probe: history.ProbeLoss, What: WhatLoss,
		From: fmt.Sprintf("%g writes/s; link cut for %g s; a commit waits %g s for the partner", w.PerS, w.CutS, w.AckS),
	}
	alone, early, late := w.CutS-w.AckS, w.VRRP.slack(BlowEarly), w.VRRP.slack(BlowLate)
	// A link that is back before the wait is over loses nothing, however late the blow.
	if w.AckS > 0 && alone+late <= 0 {
		return p, nil
	}
	p.LawLowS, p.LawHighS = w.PerS*max(0, alone), w.PerS*max(0, alone)
	if w.AckS > 0 {
		p.LawHighS = w.PerS * w.CutS // what waited is acknowledged when the wait ends
	}
	p.LowS, p.HighS = w.PerS*max(0, alone-early), p.LawHighS+w.PerS*late
	return p, nil
}
