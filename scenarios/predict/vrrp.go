package predict

import (
	"fmt"

	"oalab/scenarios/history"
)

// expected is a closed form and its slack, in seconds.
type expected struct {
	low, high   float64
	law         string
	early, late float64 // how far a measurement may lie below low and above high
}

// Defaults of keepalived's settings.
const (
	defaultVersion = 3
	ownerPriority  = 255 // of the host whose own address it is; none here
)

func (s Settings) version() int {
	if s.Version == 0 {
		return defaultVersion
	}
	return s.Version
}

func (s Settings) valid(c Cause) error {
	switch {
	case s.version() != 2 && s.version() != 3:
		return fmt.Errorf("%w: VRRP version %d", ErrSettings, s.Version)
	case !(s.AdvertS > 0):
		return fmt.Errorf("%w: advert interval %g s", ErrSettings, s.AdvertS)
	case s.Master < 1 || s.Master >= ownerPriority || s.Backup < 1 || s.Backup >= ownerPriority:
		return fmt.Errorf("%w: priorities %d and %d, each must be 1 to 254", ErrSettings, s.Master, s.Backup)
	case (c == ServiceDies || c == ServiceDiesForGood) && !(s.Check.IntervalS > 0):
		return fmt.Errorf("%w: nothing checks the service", ErrNoTakeOver)
	}
	return nil
}

// SkewS is Skew_Time of a host with a priority: how long it waits for others once a
// master is gone, the less the higher its priority. In version 3 it is a share of
// the advert interval (RFC 9568 section 6.1), in version 2 of one second (RFC 3768).
func (s Settings) SkewS(priority int) float64 {
	unit := s.AdvertS
	if s.version() == 2 {
		unit = 1
	}
	return unit * float64(256-priority) / 256
}

// silence is the time from the last sign of a master until the backup takes over,
// Master_Down_Interval of three adverts and the skew, less the part of an advert
// interval that had passed since the last advert. The fault meets any moment of that
// interval alike, hence the uniform law.
func (s Settings) silence(backup int) (low, high float64) {
	skew := s.SkewS(backup)
	return 2*s.AdvertS + skew, 3*s.AdvertS + skew
}

// expect is the closed form of a cause.
func (s Settings) expect(c Cause) (expected, error) {
	switch c {
	case Silent:
		low, high := s.silence(s.withCheck(s.Backup))
		return expected{low, high, history.LawUniform, ProbeSlack, TakeOverSlack + ProbeSlack}, nil
	case Stopped:
		// The backup waits its skew after the advert of priority 0. All of it can stay
		// unseen: until the leaving host is gone, it forwards what still comes to it.
		skew := s.SkewS(s.withCheck(s.Backup))
		return expected{low: skew, high: skew, early: skew, late: TakeOverSlack + ProbeSlack}, nil
	case ServiceDies, ServiceDiesForGood:
		if s.Check.RestartThenYield {
			return s.restarted(c), nil
		}
		return s.checked()
	case Returns:
		// The host that comes home has the address before the other lets go of it; one that
		// may not preempt changes nothing. Only the move itself takes time.
		return expected{late: ReturnSlack + ProbeSlack}, nil
	case Rejoins:
		// Mostly nothing: there is always one that answers. At worst clients are sent to
		// the one that has just let go, until the other's next word comes through.
		return expected{high: s.AdvertS + NeighbourS, late: TakeOverSlack + ProbeSlack}, nil
	}
	return expected{}, fmt.Errorf("%w: cause %q", ErrSettings, c)
}

// withCheck is the priority of a host whose service works.
func (s Settings) withCheck(priority int) int {
	return min(max(priority+max(0, s.Check.Weight), 1), ownerPriority-1)
}

// checked is a service that dies under a script which only looks.
func (s Settings) checked() (expected, error) {
	fall := float64(max(1, s.Check.Fall))
	// The first check after the death comes within one interval, at any moment of it;
	// so many more must fail.
	e := expected{
		low: (fall - 1) * s.Check.IntervalS, high: fall * s.Check.IntervalS,
		early: ScriptSlack + ProbeSlack, late: ScriptSlack + TakeOverSlack + ProbeSlack,
	}
	backup := s.withCheck(s.Backup)
	if s.Check.Weight == 0 {
		skew := s.SkewS(backup)
		e.low, e.high, e.law = e.low+skew, e.high+skew, history.LawUniform
		return e, nil
	}
	sick := min(max(s.Master+min(0, s.Check.Weight), 1), ownerPriority-1)
	if sick >= backup {
		return expected{}, fmt.Errorf("%w: the master keeps priority %d while its service is dead, the backup has %d", ErrNoTakeOver, sick, backup)
	}
	if s.NoPreempt {
		return expected{}, fmt.Errorf("%w: the backup accepts a master of lower priority (nopreempt)", ErrNoTakeOver)
	}
	// The master goes on with a lower priority, which the backup takes for silence.
	// Check and adverts have phases of their own: the sum of both is not uniform.
	low, high := s.silence(backup)
	e.low, e.high = e.low+low, e.high+high
	return e, nil
}

// restarted is a service that dies under the script that starts it again.
func (s Settings) restarted(c Cause) expected {
	e := expected{
		high: s.Check.IntervalS, law: history.LawUniform,
		early: ScriptSlack + ProbeSlack, late: ScriptSlack + ProbeSlack,
	}
	if c == ServiceDies {
		e.late += s.Check.RestartS
		return e
	}
	skew := s.SkewS(s.withCheck(s.Backup))
	e.low, e.high = e.low+s.Check.GraceS+skew, e.high+s.Check.GraceS+skew
	e.late += TakeOverSlack + ScriptSlack // the script runs on after its grace, and ends keepalived
	// The host lives on without the address and forwards what still comes to it: a request
	// that waits there until the other takes over is answered, and counts from when it was
	// asked.
	e.early += min(skew, history.VIPLimitS)
	return e
}

// text is Prediction.From: the settings that matter for a cause, one line.
func (s Settings) text(c Cause) string {
	out := fmt.Sprintf("%s: VRRP %d, advert %g s, priorities %d and %d", c, s.version(), s.AdvertS, s.Master, s.Backup)
	if s.NoPreempt {
		out += ", nopreempt"
	}
	if s.Slow > 1 {
		out += fmt.Sprintf(", slack × %.2g for the speed of this machine", s.Slow)
	}
	switch k := s.Check; {
	case k.IntervalS <= 0:
		out += ", no check"
	case k.RestartThenYield:
		out += fmt.Sprintf(", check every %g s restarts within %g s or yields after %g s", k.IntervalS, k.RestartS, k.GraceS)
	default:
		out += fmt.Sprintf(", check every %g s, timeout %g s, fall %d, rise %d, weight %d", k.IntervalS, k.TimeoutS, max(1, k.Fall), max(1, k.Rise), k.Weight)
	}
	return out
}
