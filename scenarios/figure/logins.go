package figure

import (
	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// loginRows is what visits of followers to a page behind the login came to.
var loginRows = []Row{
	{Name: "logins", Unit: UnitCount, Words: "visits that began without a session and ended with one"},
	{Name: "visits_again", Unit: UnitCount, Words: "visits of followers who had a session"},
	{Name: "platform_calls_per_login", Unit: UnitCount, Words: "calls and pages of the platform for a login, mean"},
	{Name: "platform_calls_again", Unit: UnitCount, Words: "calls and pages of the platform for visits of followers who had a session", Better: Lower},
	{Name: "codes_exchanged", Unit: UnitCount, Words: "codes that were given to the platform for tokens"},
	{Name: "codes_exchanged_again", Unit: UnitCount, Words: "codes that were given to the platform for tokens more than once", Better: Lower},
	{Name: "sessions_foreign", Unit: UnitCount, Words: "visits that ended in the session of another follower", Better: Lower},
	{Name: "visits_failed", Unit: UnitCount, Words: "visits that ended with an error", Better: Lower, Time: ByMachine},
	{Name: "told_later_ratio", Unit: UnitRatio, Words: "share of visits in which the follower was told to come later, and came again", Better: Lower, Time: ByMachine},
	{Name: "requests_passed_on", Unit: UnitCount, Words: "requests of browsers that one server did not answer and another one was asked", Time: ByMachine},
}

// logins adds the figures of an arm with a load of logins.
func (r *reckoning) logins() {
	visits := account.LoginVisits(r.arm)
	if len(visits) == 0 {
		return
	}
	var first, firstCalls, again, againCalls, foreign, failed, later, passed, own int
	for _, v := range visits {
		foreign += stat.Indicator(v.Foreign())
		passed += v.PassedOn
		if v.Visit.Visit == history.VisitForwarded {
			continue
		}
		own++
		failed += stat.Indicator(!v.Landed() && !v.Foreign())
		later += stat.Indicator(v.Later > 0)
		switch {
		case v.Had:
			again++
			againCalls += v.Calls
		case v.Landed():
			first++
			firstCalls += v.Calls
		}
	}
	exchanges, twice := account.Exchanges(r.arm), 0
	for _, e := range exchanges {
		twice += stat.Indicator(e.Times > 1)
	}
	r.count("logins", first, own)
	r.count("visits_again", again, own)
	if first > 0 {
		r.add("platform_calls_per_login", float64(firstCalls)/float64(first), first)
	}
	r.count("platform_calls_again", againCalls, again)
	r.count("codes_exchanged", len(exchanges), len(exchanges))
	r.count("codes_exchanged_again", twice, len(exchanges))
	r.count("sessions_foreign", foreign, len(visits))
	r.count("visits_failed", failed, own)
	if own > 0 {
		r.add("told_later_ratio", float64(later)/float64(own), own)
	}
	r.count("requests_passed_on", passed, len(visits))
}
