package check

import (
	"fmt"
	"net/http"

	"oalab/scenarios/account"
	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// Logins checks the web login as followers' browsers and the platform saw it (OAU-2, OAU-3,
// OAU-5, SCN-13):
//
//   - No code is given to the platform for tokens more than once.
//   - No browser ends in the session of a follower other than its own, also if it opens the
//     way back that another follower has passed on.
//   - A visit of a follower who has a session asks the platform for nothing, at either
//     server. Where one server alone keeps a session, the follower may be led to another server from
//     the first fault on, and back; such a visit is a login.
//   - No follower sees an error. A follower that is told to come later, and then gets to the page,
//     has seen none. Pages of a busy server while the machine was full decide nothing.
type Logins struct {
	// Least numbers of logins, of visits with a session and of forwarded links; below, the
	// checker is inconclusive.
	Min, Again, Forwarded int
	// AgainPerWindow is how many visits with a session must have begun in each window of a
	// fault, by its name.
	AgainPerWindow map[string]int
	// Moved is how many followers at least must have logged in again because they were led to a
	// server without their session; 0 means that none may.
	Moved int
}

// Name implements Checker.
func (Logins) Name() string { return "logins" }

// Check implements Checker.
func (c Logins) Check(a *history.Arm) Finding {
	var wrong, open offences
	m := account.MachineOf(a)
	visits, exchanges := account.LoginVisits(a), account.Exchanges(a)
	logins, again, forwarded, moved := 0, 0, 0, 0
	for _, v := range visits {
		if v.Foreign() {
			wrong.add("session of another follower: %s, after a %s visit at %.3f s, is %s", v.OpenID, v.Visit.Visit, v.AtS, v.Seen)
		}
		switch {
		case v.Visit.Visit == history.VisitForwarded:
			forwarded += stat.Indicator(v.Error == "")
			continue
		case v.Had:
			again++
			switch asked := v.Calls > 0 || v.Consents > 0; {
			case asked && c.Moved > 0 && faulted(a, v.EndS()):
				moved++
			case asked:
				wrong.add("platform asked in vain: %s had a session at %.3f s, and the visit made %d calls and showed %d consent pages",
					v.OpenID, v.AtS, v.Calls, v.Consents)
			}
		case v.Landed():
			logins++
		}
		if !v.Landed() && !v.Foreign() {
			charge(m, slowMayFail(v) && m.FullIn(v.AtS-1, v.EndS()), &wrong, &open).
				add("error: %s, seq %d at %.3f s, status %d %s", v.OpenID, v.Seq, v.AtS, v.Status, v.Error)
		}
	}
	for _, e := range exchanges {
		if e.Times > 1 {
			wrong.add("code exchanged %d times: %s of %s, first at %.3f s", e.Times, short(e.Code), e.OpenID, e.AtS)
		}
	}
	if moved < c.Moved {
		open.add("%d followers led to a server without their session, %d wanted", moved, c.Moved)
	}
	c.enough(a, visits, logins, again, forwarded, &open)
	f := Finding{Checked: len(visits) + len(exchanges)}
	if !f.decide(&wrong, &open) {
		f.Verdict = history.Pass
		f.Detail = fmt.Sprintf("%d logins, %d visits with a session, %d forwarded links, %d codes", logins, again, forwarded, len(exchanges))
		if moved > 0 {
			f.Detail += fmt.Sprintf(", %d followers logged in again at another server", moved)
		}
	}
	return f
}

// faulted says whether a fault had begun by then.
func faulted(a *history.Arm, s float64) bool {
	for _, w := range a.Record.Windows {
		if w.SinceS() <= s {
			return true
		}
	}
	return false
}

// slowMayFail says whether a visit may have failed because something was slow. A page that says
// that the follower is not logged in, or may not be, has another cause.
func slowMayFail(v account.LoginVisit) bool {
	return v.Status == 0 || v.Status >= http.StatusInternalServerError || v.Status == http.StatusTooManyRequests
}

// enough enters what is missing for a verdict.
func (c Logins) enough(a *history.Arm, visits []account.LoginVisit, logins, again, forwarded int, open *offences) {
	for _, n := range []struct {
		what      string
		is, least int
	}{{"logins", logins, max(c.Min, 1)}, {"visits with a session", again, c.Again}, {"forwarded links", forwarded, c.Forwarded}} {
		if n.is < n.least {
			open.add("%d %s, %d wanted", n.is, n.what, n.least)
		}
	}
	for _, w := range a.Record.Windows {
		n := 0
		for _, v := range visits {
			n += stat.Indicator(v.Had && w.Contains(v.AtS))
		}
		if least := c.AgainPerWindow[w.Fault]; n < least {
			open.add("%d visits with a session in a window of %s, %d wanted", n, w.Fault, least)
		}
	}
	told := map[uint64]bool{}
	for _, v := range visits {
		told[v.Seq] = true
	}
	for _, op := range a.Operations {
		if !told[op.Seq] && op.Status != 0 {
			open.add("operation %d was answered, and there is no visit of it", op.Seq)
		}
	}
}
