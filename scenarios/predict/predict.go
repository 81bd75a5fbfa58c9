// Package predict owns what the settings of a pair of load balancers let expect: how
// long an outage each fault causes, in closed form, before anything is run (REP-9).
// It is pure. The timers are those of VRRP: RFC 9568 (and 5798) section 6.1 for
// version 3, RFC 3768 section 6.1 for version 2.
package predict

import (
	"errors"
	"fmt"

	"oalab/scenarios/history"
)

// Settings are the settings of keepalived on the two hosts that the length of an outage
// depends on. Times are in seconds.
type Settings struct {
	// Version of VRRP; 0 means 3.
	Version int
	// AdvertS is the advert interval of the host that holds the address. A backup of
	// version 3 takes it from the adverts and ignores its own setting.
	AdvertS float64
	// Master is the configured priority of the host that holds the address when the
	// fault comes, Backup that of the host that takes over: 1 to 254.
	Master, Backup int
	// NoPreempt: a host leaves a working master of lower priority alone.
	NoPreempt bool
	Check     Check
	// Slow is how many times as long this machine takes as the one that the slack was
	// measured on; below 1 counts as 1. No timer depends on it.
	Slow float64
}

// slack is what the machine makes of a slack.
func (s Settings) slack(seconds float64) float64 { return seconds * max(1, s.Slow) }

// Check is the script that watches the service (vrrp_script). The zero value watches
// nothing.
type Check struct {
	IntervalS float64
	TimeoutS  float64 // told in Prediction.From; a dead service refuses, it does not hang
	Fall      int     // failures in a row until the service counts as dead; 0 means 1
	Rise      int     // told in Prediction.From
	// Weight changes the priority: a negative one while the check fails, a positive
	// one while it succeeds. 0 makes a failing check a fault of the instance, which
	// keepalived announces with an advert of priority 0.
	Weight int
	// RestartThenYield is the script of the source (thesis 4.2): the first failure
	// starts the service again; GraceS later the script looks once more, and ends
	// keepalived when the service is still dead. Fall, Rise and Weight do not matter.
	RestartThenYield bool
	GraceS           float64
	// RestartS is the most that the service needs from being started by the script
	// until it answers.
	RestartS float64
}

// Cause is what happens to the host that holds the address.
type Cause string

// The causes.
const (
	// Silent: its adverts end without a word, because it is dead, frozen or cut off.
	Silent Cause = "silent"
	// Stopped: keepalived ends in good order, with an advert of priority 0.
	Stopped Cause = "stopped"
	// ServiceDies: the service is killed and can be started again.
	ServiceDies Cause = "service dies"
	// ServiceDiesForGood: the service is killed and does not start again.
	ServiceDiesForGood Cause = "service dies for good"
	// Returns: the host is back, and takes the address home if it may.
	Returns Cause = "returns"
	// Rejoins: the host was cut off or frozen, and is reached again; it and the one that
	// took over have the address until they hear of each other.
	Rejoins Cause = "rejoins"
)

// CauseOf is the cause behind a fault of docs/contracts.md, and whether it has one: a
// split brain costs no outage that could be computed.
func CauseOf(fault string) (Cause, bool) {
	switch fault {
	case history.FaultKillHost, history.FaultFreezeHost, history.FaultCutHost:
		return Silent, true
	case history.FaultStopHost:
		return Stopped, true
	case history.FaultKillNginx:
		return ServiceDies, true
	case history.FaultFailBack:
		return Returns, true
	case history.FaultRejoin:
		return Rejoins, true
	}
	return "", false
}

// The error of an outage measured by the probe of the virtual IP, against the closed form,
// in seconds. Each bound is wide. Otherwise a prediction would convict a busy machine, and
// not only a wrong setting.
const (
	// ProbeSlack: an outage is measured from one request of the probe to another,
	// which stand that far apart. Either end may be off by as much.
	ProbeSlack = history.VIPEveryS
	// TakeOverSlack: from the timer's end until a request is answered, the new master
	// adds the address, tells the neighbours by ARP, and waits for its turn on a
	// processor. 9 to 18 ms were measured on an idle machine with two processors.
	TakeOverSlack = 0.080
	// ReturnSlack: a host that comes home was started a moment ago, and its start goes on
	// beside the move. 0 to 120 ms were measured on two processors that run all hosts.
	ReturnSlack = 0.250
	// ScriptSlack: a check script is forked and executed before it looks, and reports
	// after it has looked. How long that takes varies from run to run, so that two
	// failures may also be seen less than an interval apart.
	ScriptSlack = 0.050
)

// NeighbourS is for how long a host that was cut off may be unreachable although it is
// back. Its packets wait until it has asked for the hardware address of their target, and
// Linux asks once a second (arp(7), retrans_time_ms). The caches of its neighbours keep an
// address for as long (locktime).
const NeighbourS = 1.0

// ScatterSlack is by how much the overhead may differ between cycles of one fault, in
// seconds. Both ends of an outage hit the probe's grid at random, and a take-over sometimes
// waits for a processor.
const ScatterSlack = 2*ProbeSlack + 0.010

// What is the text of Prediction.What.
const What = "outage of one cycle, as the probe of the virtual IP sees it"

// Errors of settings without a prediction, for errors.Is.
var (
	ErrSettings = errors.New("settings are incomplete or impossible")
	// ErrNoTakeOver: with these settings the address stays on the host whose service is
	// dead until an operator repairs it.
	ErrNoTakeOver = errors.New("no host takes over")
)

// Fault predicts the outage of one cycle of a fault of docs/contracts.md. The service
// that kill-nginx kills can be started again; for one that cannot, ask Outage.
func Fault(fault string, s Settings) (history.Prediction, error) {
	cause, ok := CauseOf(fault)
	if !ok {
		return history.Prediction{}, fmt.Errorf("predict %s: %w: no outage can be computed", fault, ErrSettings)
	}
	return Outage(fault, cause, s)
}

// Outage predicts the outage of one cycle of a fault that acts by a cause.
func Outage(fault string, c Cause, s Settings) (history.Prediction, error) {
	if err := s.valid(c); err != nil {
		return history.Prediction{}, fmt.Errorf("predict %s: %w", fault, err)
	}
	e, err := s.expect(c)
	if err != nil {
		return history.Prediction{}, fmt.Errorf("predict %s: %w", fault, err)
	}
	p := history.Prediction{
		Fault: fault, What: What, Law: e.law, LawLowS: e.low, LawHighS: e.high,
		LowS: max(0, e.low-s.slack(e.early)), HighS: e.high + s.slack(e.late), From: s.text(c),
		Slow: s.Slow,
	}
	return p, nil
}
