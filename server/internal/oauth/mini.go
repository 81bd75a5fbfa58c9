package oauth

import (
	"context"
	"crypto/rand"
	"encoding/json"
	"fmt"
	"net/http"
	"time"

	"oalab/server/internal/web"
	"oalab/server/internal/wechatapi"
)

// ScopeMini is that of a session of a mini program.
const ScopeMini = "mini"

// serveMini logs the follower of a mini program in by a code of wx.login (OAU-9). The mini
// program keeps no cookie: it gets tokens for the API. The session key stays here. A code is
// exchanged once; after any error the mini program asks for another one.
func (s *Service) serveMini(w http.ResponseWriter, r *http.Request, account string) error {
	var in struct {
		Code string `json:"code"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil || in.Code == "" || len(in.Code) > 512 || !plainText(in.Code) {
		return fmt.Errorf("%w: the body is not a JSON object with a code", web.ErrInvalid)
	}
	if err := s.limits.login(w, "", s.address(r)); err != nil {
		s.metrics.count(resultLimited)
		return err
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), exchangeTime)
	defer cancel()
	first, err := s.sessions.Claim(ctx, "code:"+digest(account+" "+in.Code), attemptLife)
	if err != nil {
		s.metrics.count(resultFailed)
		return s.unavailable(w, err)
	}
	if !first {
		s.metrics.count(resultRepeated)
		return web.ErrUnauthorized
	}
	grant, err := s.minis.Do(ctx, func(ctx context.Context) (wechatapi.MiniGrant, error) {
		return s.platform.ExchangeMiniCode(ctx, account, in.Code)
	})
	if err != nil {
		return s.miniFailed(w, r, account, err)
	}
	session := Session{Account: account, OpenID: grant.OpenID, UnionID: grant.UnionID, Scope: ScopeMini}
	session.MiniKey = s.keys.sealText([]byte(grant.SessionKey), "mini "+account+" "+grant.OpenID)
	token := rand.Text() + rand.Text()
	if err := s.begin(ctx, token, &session); err != nil {
		s.metrics.count(resultFailed)
		return s.unavailable(w, err)
	}
	s.metrics.count(resultDone)
	return s.giveTokens(w, digest(token), session)
}

func (s *Service) miniFailed(w http.ResponseWriter, r *http.Request, account string, cause error) error {
	s.metrics.count(resultFailed)
	if class := wechatapi.ErrorClass(cause); class == wechatapi.ClassLogin {
		return web.ErrUnauthorized
	} else if times, tell := s.metrics.warnings.Tell("mini "+account, time.Now()); tell {
		s.log.WarnContext(r.Context(), "followers of a mini program cannot log in", "account", account, "times", times, "class", class, "error", cause, "remedy", "docs/errcodes.md")
	}
	w.Header().Set("Retry-After", "5")
	return web.ErrUnavailable
}
