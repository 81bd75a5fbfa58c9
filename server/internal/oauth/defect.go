//go:build defects

package oauth

import (
	"context"
	"encoding/json"
	"net/http"
	"strings"
	"sync"
	"time"

	"oalab/server/internal/defect"
	"oalab/server/internal/web"
	"oalab/server/internal/wechatapi"
)

// The planted defects of the login.
const (
	// DefectCodeRetried gives a code to the platform once more when the first answer is an
	// error or is lost.
	DefectCodeRetried = "code-retried"
	// DefectStateNotBound takes a state from every browser, whichever it was made for.
	DefectStateNotBound = "state-not-bound"
	// DefectSessionLocal keeps sessions in the memory of one server, although the load balancer
	// takes the servers in turns.
	DefectSessionLocal = "session-local-behind-round-robin"
)

// Defects are those that can be planted in the login.
func (Settings) Defects() []string {
	return []string{DefectCodeRetried, DefectStateNotBound, DefectSessionLocal}
}

// PlantPlatform returns the platform with the defect code-retried where that is planted.
func PlantPlatform(planted defect.Set, p Platform) Platform {
	if planted.Has(DefectCodeRetried) {
		return retrying{p}
	}
	return p
}

type retrying struct{ Platform }

// ExchangeCode implements Platform.
func (p retrying) ExchangeCode(ctx context.Context, account, code string) (wechatapi.WebGrant, error) {
	grant, err := p.Platform.ExchangeCode(ctx, account, code)
	if err == nil {
		return grant, nil
	}
	return p.Platform.ExchangeCode(ctx, account, code)
}

// PlantSessions returns the sessions with the defect session-local-behind-round-robin where
// that is planted.
func PlantSessions(planted defect.Set, s Sessions) Sessions {
	if planted.Has(DefectSessionLocal) {
		return &ownSessions{Sessions: s, kept: make(map[string]Session)}
	}
	return s
}

// ownSessions knows the sessions that began at this server. Claims are those of all servers.
type ownSessions struct {
	Sessions

	mu   sync.Mutex
	kept map[string]Session
}

// Create implements Sessions.
func (o *ownSessions) Create(_ context.Context, id string, s Session, _ time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.kept[id] = s
	return nil
}

// Load implements Sessions.
func (o *ownSessions) Load(_ context.Context, id string) (Session, error) {
	o.mu.Lock()
	defer o.mu.Unlock()
	s, ok := o.kept[id]
	if !ok {
		return Session{}, ErrNoSession
	}
	return s, nil
}

// Replace implements Sessions.
func (o *ownSessions) Replace(_ context.Context, id string, s Session, _ time.Duration) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	if _, ok := o.kept[id]; !ok {
		return ErrNoSession
	}
	o.kept[id] = s
	return nil
}

// Delete implements Sessions.
func (o *ownSessions) Delete(_ context.Context, id string) error {
	o.mu.Lock()
	defer o.mu.Unlock()
	delete(o.kept, id)
	return nil
}

// PlantRoutes returns the routes of a Service, with the defect state-not-bound where that is
// planted.
func PlantRoutes(planted defect.Set, s *Service) []web.Route {
	routes := s.Routes()
	for i, r := range routes {
		if planted.Has(DefectStateNotBound) && strings.HasSuffix(r.Pattern, "/callback") {
			routes[i].Serve = s.unbound(r.Serve)
		}
	}
	return routes
}

// unbound gives the callback an attempt of the very state that the request brings.
func (s *Service) unbound(next web.Serve) web.Serve {
	return func(w http.ResponseWriter, r *http.Request, path web.Path) error {
		account, state := path.Param("account"), r.URL.Query().Get("state")
		a := s.attemptOf(r, account)
		if state == "" || a.is(state) {
			return next(w, r, path)
		}
		target, err := s.targets.Check(account, "")
		if err != nil {
			return err
		}
		forged := newAttempt(target, ScopeUser, a.Browser, 0)
		forged.State = state
		plain, err := json.Marshal(forged)
		if err != nil {
			return err
		}
		name, _ := s.attemptCookie(account)
		same := r.Clone(r.Context())
		same.Header.Del("Cookie")
		for _, c := range r.Cookies() {
			if c.Name != name {
				same.AddCookie(c)
			}
		}
		same.AddCookie(&http.Cookie{Name: name, Value: s.keys.sealText(plain, "attempt "+account)})
		return next(w, same, path)
	}
}
