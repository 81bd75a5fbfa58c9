package platform

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"net/http"
	"slices"
	"time"

	"oalab/mockwechat/ledger"
)

// Issued is one access token and how long it is good for. It is safe for concurrent use.
type Issued struct {
	Token   string
	Digest  string // by which the ledger names it
	Expires time.Time

	memory   *memory // of the account it belongs to; its lock guards what follows
	appID    string
	deadAt   time.Time // zero until it is replaced
	replaced bool
	lent     bool // to a third-party platform
}

func (t *Issued) live(now time.Time) bool {
	if t.replaced {
		return now.Before(t.deadAt)
	}
	return now.Before(t.Expires)
}

// Judge says what a token is worth now. One that ran out by itself is 42001, one
// that was replaced is 40001 once its overlap is over.
func (t *Issued) Judge(now time.Time) (ledger.TokenState, Code) {
	t.memory.mu.Lock()
	defer t.memory.mu.Unlock()
	switch {
	case t.live(now) && t.replaced:
		return ledger.TokenOverlap, CodeOK
	case t.live(now):
		return ledger.TokenValid, CodeOK
	case t.replaced:
		return ledger.TokenDead, CodeInvalidCredential
	}
	return ledger.TokenDead, CodeTokenExpired
}

// replace ends the rule of a token: it lives on for the overlap, unless it was
// dead already.
func (t *Issued) replace(now time.Time, overlap time.Duration) {
	if t == nil || t.replaced {
		return
	}
	live := t.live(now)
	t.replaced = true
	t.deadAt = now
	if live {
		t.deadAt = now.Add(overlap)
	}
}

// family is the tokens of one of the two interfaces. The two never touch each other.
type family struct {
	current *Issued
	old     []*Issued // replaced ones, oldest first
}

// keepDead is how long a dead token is remembered, so that the ledger can still
// say whose it was.
const keepDead = 24 * time.Hour

// turn puts a new token in the place of the current one and returns those to forget.
func (f *family) turn(t *Issued, now time.Time, overlap time.Duration) (forget []*Issued) {
	if f.current != nil {
		f.current.replace(now, overlap)
		f.old = append(f.old, f.current)
	}
	f.current = t
	for len(f.old) > 0 && now.Sub(f.old[0].deadAt) > keepDead {
		forget = append(forget, f.old[0])
		f.old = f.old[1:]
	}
	return forget
}

// renewalWindow is the last stretch of a token's life in which a stable token is
// renewed, and how long the old one lives on.
func (a *Official) renewalWindow(l Limits) time.Duration {
	return min(l.Overlap, a.Config.TokenLifetime/4)
}

// PlainToken is /cgi-bin/token: a new token at every call.
func (a *Official) PlainToken(p *Platform, now time.Time) (*Issued, ledger.TokenIssue, Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.tokenDay.take(day(now), p.Limits.TokenPerDay) {
		return nil, ledger.IssueNone, CodeDayQuota
	}
	return a.issue(p, &a.plain, now, a.renewalWindow(p.Limits)), ledger.IssueNew, CodeOK
}

// StableToken is /cgi-bin/stable_token: the same token until the renewal window.
func (a *Official) StableToken(p *Platform, now time.Time, force bool) (*Issued, ledger.TokenIssue, Code) {
	a.mu.Lock()
	defer a.mu.Unlock()
	if !a.stableMinute.take(now.Unix()/60, p.Limits.StablePerMinute) {
		return nil, ledger.IssueNone, CodeMinuteQuota
	}
	if !a.stableDay.take(day(now), p.Limits.StablePerDay) {
		return nil, ledger.IssueNone, CodeDayQuota
	}
	w := a.renewalWindow(p.Limits)
	cur := a.stable.current
	if force && (a.forcedAt.IsZero() || now.Sub(a.forcedAt) >= p.Limits.ForceEvery) {
		if !a.forceDay.take(day(now), p.Limits.ForcePerDay) {
			return nil, ledger.IssueNone, CodeDayQuota
		}
		a.forcedAt = now
		for _, t := range a.stable.old {
			if t.live(now) {
				t.deadAt = now
			}
		}
		return a.issue(p, &a.stable, now, 0), ledger.IssueNew, CodeOK
	}
	if cur != nil && cur.Expires.Sub(now) > w {
		return cur, ledger.IssueRepeat, CodeOK
	}
	return a.issue(p, &a.stable, now, w), ledger.IssueNew, CodeOK
}

func (a *Official) issue(p *Platform, f *family, now time.Time, overlap time.Duration) *Issued {
	token := p.NewToken()
	t := &Issued{
		memory: a.memory, appID: a.Config.AppID, Token: token, Digest: Digest(token),
		Expires: now.Add(a.Config.TokenLifetime),
	}
	p.remember(t, f.turn(t, now, overlap))
	return t
}

// Digest is how the ledger names a token: the head of its SHA-256, in hex.
func Digest(token string) string {
	sum := sha256.Sum256([]byte(token))
	return hex.EncodeToString(sum[:8])
}

// Backdate gives each account that has no stable token one that was issued so long ago, as if
// another system had asked for it then. The ledger gets a line for each, dated back as well. It
// is for scenarios whose tokens have to end soon. An age of a whole life or more is an error.
func (p *Platform) Backdate(age time.Duration) error {
	p.mu.RLock()
	accounts := slices.Clone(p.order)
	p.mu.RUnlock()
	at := p.Now().Add(-age)
	for _, a := range accounts {
		if a.Config.IsComponent() {
			continue
		}
		if age < 0 || age >= a.Config.TokenLifetime {
			return fmt.Errorf("mockwechat: account %s: no token of %s can be %s old", a.Config.Name, a.Config.TokenLifetime, age)
		}
		t := a.backdate(p, at)
		if t == nil {
			continue
		}
		if err := p.Record(&ledger.Call{
			At: at, Kind: ledger.KindAPI, Account: a.Config.Name, Path: "/cgi-bin/stable_token", Token: t.Digest, TokenState: ledger.TokenValid,
			TokenIssue: ledger.IssueNew, ExpiresInS: int(a.Config.TokenLifetime / time.Second), Status: http.StatusOK,
		}); err != nil {
			return err
		}
	}
	return nil
}

// backdate is nil for an account that has a stable token.
func (a *Official) backdate(p *Platform, at time.Time) *Issued {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.stable.current != nil {
		return nil
	}
	return a.issue(p, &a.stable, at, 0)
}
