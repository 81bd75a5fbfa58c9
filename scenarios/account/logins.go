package account

import (
	"cmp"
	"net/http"
	"slices"
	"sort"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

// The calls and the page by which the platform logs a follower in.
const (
	PathConsent  = "/connect/oauth2/authorize"
	PathExchange = "/sns/oauth2/access_token"
	PathWebUser  = "/sns/userinfo"
	pathRenew    = "/sns/oauth2/refresh_token"
)

// LoginVisit is a visit of a follower with what the platform saw of it.
type LoginVisit struct {
	history.Visit

	AtS float64 // when it began, in seconds after base
	// Had says that the follower had a session in this browser when the visit began.
	Had bool
	// Calls are the platform's calls and pages for this follower during the visit.
	Calls int
}

// EndS is when its last page was there, in seconds after base.
func (v LoginVisit) EndS() float64 { return v.AtS + v.TookS }

// Landed says whether the visit ended at the page, with the follower's own session.
func (v LoginVisit) Landed() bool { return v.Status == http.StatusOK && v.Seen == v.OpenID }

// Foreign says whether the visit ended in the session of another follower.
func (v LoginVisit) Foreign() bool { return v.Seen != "" && v.Seen != v.OpenID }

// LoginVisits are the visits of an arm in the order in which they began.
func LoginVisits(a *history.Arm) []LoginVisit {
	var out []LoginVisit
	for _, v := range history.LoginEvidence.Of(a) {
		out = append(out, LoginVisit{Visit: v, AtS: a.Seconds(v.At)})
	}
	slices.SortStableFunc(out, func(x, y LoginVisit) int { return cmp.Compare(x.AtS, y.AtS) })
	calls := callsByFollower(a)
	had := map[string]bool{}
	for i := range out {
		v := &out[i]
		v.Had = had[v.OpenID]
		of := calls[v.OpenID]
		v.Calls = sort.SearchFloat64s(of, after(v.EndS())) - sort.SearchFloat64s(of, v.AtS)
		if v.Visit.Visit != history.VisitForwarded {
			had[v.OpenID] = v.Landed()
		}
	}
	return out
}

// after is the least moment behind one, so that a search finds the end of what is up to it.
func after(s float64) float64 { return s + 1e-9 }

// callsByFollower are the moments, ascending, at which the platform was asked in a login of
// each follower. A call that was refused names no follower, but its code does.
func callsByFollower(a *history.Arm) map[string][]float64 {
	owners := codeOwners(a)
	out := map[string][]float64{}
	for _, c := range a.WeChat {
		if isLoginCall(c.Path) {
			if who := cmp.Or(c.OpenID, owners[c.Code]); who != "" {
				out[who] = append(out[who], a.Seconds(c.At))
			}
		}
	}
	for _, of := range out {
		slices.Sort(of)
	}
	return out
}

func isLoginCall(path string) bool {
	return path == PathConsent || path == PathExchange || path == PathWebUser || path == pathRenew
}

// codeOwners are the followers to whom the platform gave codes, by the codes' digests.
func codeOwners(a *history.Arm) map[string]string {
	owners := map[string]string{}
	for _, c := range a.WeChat {
		if c.Kind == wl.KindPage && c.Code != "" {
			owners[c.Code] = c.OpenID
		}
	}
	return owners
}

// Exchange is a code that was given to the platform for tokens.
type Exchange struct {
	Code   string // digest
	OpenID string // of the follower whom the platform gave it to; "": it never did
	Times  int    // how often it was given to the platform
	AtS    float64
}

// Exchanges are those of an arm, by the first time of each.
func Exchanges(a *history.Arm) []Exchange {
	owners := codeOwners(a)
	byCode := map[string]*Exchange{}
	for _, c := range a.WeChat {
		if c.Kind != wl.KindAPI || c.Path != PathExchange || c.Code == "" {
			continue
		}
		e := byCode[c.Code]
		if e == nil {
			e = &Exchange{Code: c.Code, OpenID: owners[c.Code], AtS: a.Seconds(c.At)}
			byCode[c.Code] = e
		}
		e.Times++
		e.AtS = min(e.AtS, a.Seconds(c.At))
	}
	out := make([]Exchange, 0, len(byCode))
	for _, e := range byCode {
		out = append(out, *e)
	}
	slices.SortFunc(out, func(x, y Exchange) int { return cmp.Or(cmp.Compare(x.AtS, y.AtS), cmp.Compare(x.Code, y.Code)) })
	return out
}
