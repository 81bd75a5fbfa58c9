package check

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/account"
	"oalab/scenarios/history"
)

// Tokens checks that the server renews its access tokens in time, once each, and
// never uses one that it can know to be dead (CTL-1, CTL-6). It reads the
// platform's ledger only:
//
//   - The platform accepts no call with a dead token.
//   - No call arrives with a dead token. If the token has reached its promised age, only
//     calls that were under way are excused. If it died early, because another was
//     issued, the server learns it by the first refusal that it reads. A call that
//     arrives later than that is a violation.
//   - One token is issued for each validity. No token is issued while the last one has
//     longer to live than its renewal window (a quarter of its life or five minutes) and
//     the time that the call for it was under way: the server counts its life from when
//     it asked. A token that the server never got, because its answer was lost, and one
//     that the platform has refused, do not count.
//
// While the machine was full, a call may be under way for longer than that. A call with a
// token that was never issued is a violation on a full machine too.
//
// Calls that ask for a token and get the present one are not judged.
type Tokens struct {
	// Renewals is how many tokens must have been issued after the first, Calls how
	// many calls must have carried one; below, the checker is inconclusive.
	Renewals, Calls int
}

// underWay is how long a call with a token, or for one, may take until the platform
// looks at it, in seconds.
const underWay = 1.0

// Name implements Checker.
func (Tokens) Name() string { return "tokens" }

// Check implements Checker.
func (c Tokens) Check(a *history.Arm) Finding {
	b := tokenBook{machine: account.MachineOf(a), tokens: map[string]*tokenLife{}, families: map[family]*tokenLife{}}
	for _, call := range inOrder(a) {
		at := a.Seconds(call.At)
		if account.IsTokenCall(call.Path) {
			b.issue(call, at)
		} else if call.Token != "" {
			b.use(call, at)
		}
	}
	f := Finding{Verdict: history.Pass, Checked: b.calls + b.issued, Violations: b.wrong.n}
	f.Detail = fmt.Sprintf("%d tokens issued, %d of them renewals, %d repeated, %d calls with a token, %d with a dead one that the server could not know of",
		b.issued, b.renewals, b.repeated, b.calls, b.excused)
	var short []string
	if b.renewals < c.Renewals {
		short = append(short, fmt.Sprintf("%d renewals, %d wanted", b.renewals, c.Renewals))
	}
	if b.calls < c.Calls {
		short = append(short, fmt.Sprintf("%d calls with a token, %d wanted", b.calls, c.Calls))
	}
	switch {
	case b.wrong.n > 0:
		f.Verdict = history.Fail
		f.Detail = b.wrong.String() + "; of " + f.Detail
	case b.open.n > 0:
		f.Verdict, f.About = history.Inconclusive, b.open.about
		f.Detail = b.open.String() + "; of " + f.Detail
	case len(short) > 0:
		f.Verdict = history.Inconclusive
		f.Detail = strings.Join(short, "; ") + "; of " + f.Detail
	}
	return f
}

// inOrder is the platform's API calls by time.
func inOrder(a *history.Arm) []wl.Call {
	var calls []wl.Call
	for _, c := range a.WeChat {
		if c.Kind == wl.KindAPI {
			calls = append(calls, c)
		}
	}
	slices.SortStableFunc(calls, func(x, y wl.Call) int { return x.At.Compare(y.At) })
	return calls
}

type family struct{ account, path string }

// tokenLife is what the ledger says of one token; times are in seconds after base.
type tokenLife struct {
	digest    string
	began     float64 // the platform issued it
	ends      float64 // as promised
	window    float64
	unread    bool // the answer that brought it was lost
	refused   bool // a refusal of it was answered
	refusedAt float64
}

// tokenBook follows the tokens through the ledger.
type tokenBook struct {
	machine  account.Machine
	tokens   map[string]*tokenLife // by digest
	families map[family]*tokenLife // the last one issued
	wrong    offences
	open     offences // that a full machine may have caused

	issued, renewals, repeated, calls, excused int
}

func (b *tokenBook) issue(c wl.Call, at float64) {
	switch c.TokenIssue {
	case wl.IssueNone:
		return
	case wl.IssueRepeat:
		b.repeated++
		if t := b.tokens[c.Token]; t != nil && c.Status != 0 {
			t.unread = false
		}
		return
	case wl.IssueNew:
	}
	b.issued++
	life := float64(c.ExpiresInS)
	t := &tokenLife{digest: c.Token, began: at, ends: at + life, window: min(300, life/4), unread: c.Status == 0}
	b.tokens[c.Token] = t
	key := family{c.Account, c.Path}
	last := b.families[key]
	b.families[key] = t
	if last == nil {
		return
	}
	b.renewals++
	left := last.ends - at
	if early := left - last.window; early > underWay && !last.unread && !last.refused {
		// The server counts the life from when it asked: it asked for the last one so early.
		full := b.machine.Undrawn(last.began-early, last.began) <= underWay
		charge(b.machine, full, &b.wrong, &b.open).add("issued twice: account %s got token %s at %.1f s while %s had %.1f s to live, more than the %.1f s in which it is renewed and %.1f s under way",
			c.Account, short(t.digest), at, short(last.digest), left, last.window, underWay)
	}
}

func (b *tokenBook) use(c wl.Call, at float64) {
	b.calls++
	if c.TokenState != wl.TokenDead {
		return
	}
	t := b.tokens[c.Token]
	switch {
	case c.ErrCode == 0:
		b.wrong.add("accepted: %s of account %s at %.1f s with the dead token %s", c.Path, c.Account, at, short(c.Token))
	case t == nil:
		b.wrong.add("unknown token: %s of account %s at %.1f s with %s, which was never issued", c.Path, c.Account, at, short(c.Token))
	case at > t.knownDead()+underWay:
		full := b.machine.Undrawn(t.knownDead(), at) <= underWay
		charge(b.machine, full, &b.wrong, &b.open).add("dead token: %s of account %s at %.1f s with %s, which the server could know to be dead since %.1f s",
			c.Path, c.Account, at, short(c.Token), t.knownDead())
	default:
		b.excused++
	}
	if t != nil && !t.refused && c.Status != 0 && c.ErrCode != 0 {
		t.refused, t.refusedAt = true, at
	}
}

// knownDead is from when on the server could know that the token is dead: it has
// lived as long as promised, or a refusal was answered before that.
func (t *tokenLife) knownDead() float64 {
	if t.refused {
		return min(t.ends, t.refusedAt)
	}
	return t.ends
}

func short(digest string) string { return cmp.Or(digest[:min(8, len(digest))], "?") }
