package platform

import (
	"sync"
	"time"
)

// The life of what a web login gives out (sheet 4.2).
const (
	CodeLife    = 5 * time.Minute
	WebLife     = 7200 * time.Second
	RefreshLife = 30 * 24 * time.Hour
	keepCodes   = 100_000
)

// The scopes of a web login; a mini-program's code has one of its own.
const (
	ScopeBase = "snsapi_base"
	ScopeUser = "snsapi_userinfo"
	ScopeMini = "mini"
)

// Grants are the codes and web tokens of an account. Its zero value is empty.
type Grants struct {
	mu      sync.Mutex
	codes   map[string]*LoginCode
	order   []string // of codes, oldest first
	access  map[string]WebToken
	refresh map[string]WebToken
}

// Login is a follower's yes to a login.
type Login struct {
	OpenID, Scope string
	// Component is the appid of the third-party platform that asked for the account; "": the
	// account itself.
	Component string
}

// LoginCode is what a code stands for.
type LoginCode struct {
	Login

	Expires time.Time
	Used    bool
}

// WebToken is one access or refresh token of a web login.
type WebToken struct {
	Login

	Text    string
	Expires time.Time
}

// NewCode makes a code for a login. Of very many codes the oldest are forgotten.
func (a *Official) NewCode(p *Platform, of Login) string {
	g := Part[Grants](a)
	code := "0" + p.NewToken()[3:34]
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.codes == nil {
		g.codes = map[string]*LoginCode{}
	}
	g.codes[code] = &LoginCode{Login: of, Expires: p.Now().Add(CodeLife)}
	g.order = append(g.order, code)
	if len(g.order) > keepCodes {
		delete(g.codes, g.order[0])
		g.order = g.order[1:]
	}
	return code
}

// Code looks a code up.
func (g *Grants) Code(code string) (LoginCode, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if c := g.codes[code]; c != nil {
		return *c, true
	}
	return LoginCode{}, false
}

// Use marks a code as used; false: it was used before.
func (g *Grants) Use(code string) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	c := g.codes[code]
	if c == nil || c.Used {
		return false
	}
	c.Used = true
	return true
}

// Issue makes an access token and, when refresh is empty, a refresh token beside it.
func (g *Grants) Issue(p *Platform, appID string, of Login, refresh string) (access, renew WebToken) {
	now := p.Now()
	access = WebToken{of, p.NewToken(), now.Add(WebLife)}
	renew = WebToken{of, refresh, now.Add(RefreshLife)}
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.access == nil {
		g.access, g.refresh = map[string]WebToken{}, map[string]WebToken{}
	}
	for text, t := range g.access {
		if len(g.access) < keepCodes {
			break
		}
		if !now.Before(t.Expires) {
			delete(g.access, text)
			p.webOwner.Delete(text)
		}
	}
	g.access[access.Text] = access
	p.webOwner.Store(access.Text, appID)
	if refresh == "" {
		renew.Text = p.NewToken()
		g.refresh[renew.Text] = renew
	}
	return access, renew
}

// Access looks an access token up.
func (g *Grants) Access(text string) (WebToken, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.access[text]
	return t, ok
}

// Refresh looks a refresh token up.
func (g *Grants) Refresh(text string) (WebToken, bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	t, ok := g.refresh[text]
	return t, ok
}

// OfWebToken returns the account that a web token was given out for, and nil when there is none.
func (p *Platform) OfWebToken(text string) *Official {
	if appID, ok := p.webOwner.Load(text); ok {
		id, _ := appID.(string)
		return p.OfApp(id)
	}
	return nil
}
