package oauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"oalab/server/internal/resilience"
	"oalab/server/internal/wechatapi"
)

// maxTries bounds the visits to the consent page of one login, so that a follower is not
// sent around for ever.
const maxTries = 3

// exchangeTime bounds the exchange of a code and what follows it. It goes on when the browser
// hangs up: the repeat of the callback finds the session.
const exchangeTime = 8 * time.Second

// serveLogin sends the follower to the consent page, or at once to the target when there is
// a session of that scope already: then the platform is not asked (OAU-3). A session with a
// made-up openid is none: the follower may have left the snapshot.
func (s *Service) serveLogin(w http.ResponseWriter, r *http.Request, account string) error {
	q := r.URL.Query()
	scope := ScopeBase
	switch q.Get("scope") {
	case "", "base", ScopeBase:
	case "userinfo", ScopeUser:
		scope = ScopeUser
	default:
		return badRequest(w, account, "登录方式有误。")
	}
	target, err := s.targets.Check(account, q.Get("return"))
	if err != nil {
		if times, tell := s.metrics.warnings.Tell("target "+account, time.Now()); tell {
			s.log.WarnContext(r.Context(), "a login was to lead to a target that is not on the list", "account", account, "times", times)
		}
		return badRequest(w, account, "返回地址有误。")
	}
	session, err := s.load(r.Context(), account, s.sessionID(r, account))
	switch {
	case err == nil && !session.Snapshot && (scope == ScopeBase || session.Scope == ScopeUser):
		s.metrics.count(resultKnown)
		return redirect(w, target)
	case err != nil && !errors.Is(err, ErrNoSession):
		s.metrics.count(resultFailed)
		return s.unavailable(w, err)
	}
	before := s.attemptOf(r, account)
	if err := s.limits.login(w, before.Browser, s.address(r)); err != nil {
		s.metrics.count(resultLimited)
		return err
	}
	return s.send(w, r, account, newAttempt(target, scope, before.Browser, 0))
}

// send sends the follower to the consent page.
func (s *Service) send(w http.ResponseWriter, r *http.Request, account string, a attempt) error {
	if s.cfg.OpenBase == "" {
		s.metrics.count(resultFailed)
		return notice(w, http.StatusServiceUnavailable, page{Title: "暂不可用", Text: "本服务号尚未开通网页登录。"})
	}
	to, err := s.platform.AuthorizeURL(s.cfg.OpenBase, account, s.base(r)+"/oauth/"+account+"/callback", a.Scope, a.State)
	if err != nil {
		return err
	}
	if err := s.keepAttempt(w, account, a); err != nil {
		return err
	}
	if a.Tries == 0 {
		s.metrics.count(resultSent)
	}
	return redirect(w, to)
}

// serveCallback is where the platform sends the follower back to. A state is good once, in
// the browser that it was made for; its code is exchanged once, however often the callback
// comes (OAU-2).
func (s *Service) serveCallback(w http.ResponseWriter, r *http.Request, account string) error {
	q := r.URL.Query()
	a := s.attemptOf(r, account)
	if !a.is(q.Get("state")) {
		s.metrics.count(resultForeign)
		if times, tell := s.metrics.warnings.Tell("state "+account, time.Now()); tell {
			s.log.WarnContext(r.Context(), "a login came back with a state that is not this browser's", "account", account, "times", times)
		}
		return notice(w, http.StatusForbidden, page{Title: "登录已失效", Text: "请重新登录。", Link: loginAddress(account, a.Scope, a.Target), LinkText: "重新登录"})
	}
	if err := s.limits.call(w, a.Browser); err != nil {
		s.metrics.count(resultLimited)
		return err
	}
	code := q.Get("code")
	if code == "" || q.Has("error") || len(code) > 512 || !plainText(code) {
		return s.declined(w, r, account, a)
	}
	ctx, cancel := context.WithTimeout(context.WithoutCancel(r.Context()), exchangeTime)
	defer cancel()
	token := s.keys.sessionToken(account, a.State)
	first, err := s.sessions.Claim(ctx, "state:"+digest(a.State), attemptLife)
	if err != nil {
		s.metrics.count(resultFailed)
		return s.unavailable(w, err)
	}
	if !first {
		return s.repeated(ctx, w, r, account, a, token)
	}
	grant, err := s.exchange(ctx, account, code)
	if err != nil {
		return s.exchangeFailed(w, r, account, a, err)
	}
	return s.finish(ctx, w, r, account, a, token, grant)
}

// declined tells a follower who has not agreed what can be done.
func (s *Service) declined(w http.ResponseWriter, r *http.Request, account string, a attempt) error {
	s.metrics.count(resultDeclined)
	reason := r.URL.Query().Get("error")
	if len(reason) > 64 || !plainText(reason) {
		reason = "(not shown)"
	}
	s.log.InfoContext(r.Context(), "a follower came back without a code", "account", account, "error", reason)
	return notice(w, http.StatusOK, page{
		Title: "未完成授权", Text: "您未同意授权，暂时无法继续。", Link: loginAddress(account, a.Scope, a.Target), LinkText: "重新授权",
	})
}

// exchange gives the code for the follower's tokens: once, as the code may be spent even
// without an answer.
func (s *Service) exchange(ctx context.Context, account, code string) (wechatapi.WebGrant, error) {
	return s.grants.Do(ctx, func(ctx context.Context) (wechatapi.WebGrant, error) {
		return s.platform.ExchangeCode(ctx, account, code)
	})
}

// exchangeFailed decides what becomes of a login whose code brought nothing (OAU-5). A code
// that is refused, or whose answer was lost, is not tried again: the follower is sent for
// another one. While the platform is away or refuses the account, the follower is told to come back.
func (s *Service) exchangeFailed(w http.ResponseWriter, r *http.Request, account string, a attempt, cause error) error {
	class := wechatapi.ErrorClass(cause)
	lasting := errors.Is(cause, resilience.ErrRefused) || class != wechatapi.ClassLogin && class != wechatapi.ClassBusy && class != wechatapi.ClassUnknown
	if !lasting && a.Tries+1 < maxTries {
		s.metrics.count(resultAgain)
		s.log.InfoContext(r.Context(), "a code brought no login; the follower is sent for another one", "account", account, "class", class, "error", cause)
		return s.send(w, r, account, newAttempt(a.Target, a.Scope, a.Browser, a.Tries+1))
	}
	s.metrics.count(resultFailed)
	if times, tell := s.metrics.warnings.Tell(account, time.Now()); tell {
		s.log.WarnContext(r.Context(), "followers cannot log in", "account", account, "times", times, "class", class, "error", cause, "remedy", "docs/errcodes.md")
	}
	w.Header().Set("Retry-After", "5")
	return notice(w, http.StatusServiceUnavailable, page{
		Title: "系统繁忙", Text: "登录暂时无法完成，请稍后再试。", Link: loginAddress(account, a.Scope, a.Target), LinkText: "重试",
	})
}

// finish keeps the session, and leads to the target.
func (s *Service) finish(ctx context.Context, w http.ResponseWriter, r *http.Request, account string, a attempt, token string, grant wechatapi.WebGrant) error {
	session := Session{Account: account, OpenID: grant.OpenID, UnionID: grant.UnionID, Scope: grant.Scope, Snapshot: grant.Snapshot}
	user, keep := s.welcome(ctx, account, grant)
	session.Profile = user.Profile
	if err := s.begin(ctx, token, &session); err != nil {
		s.metrics.count(resultFailed)
		return s.unavailable(w, err)
	}
	// The session from before, perhaps one that was planted, does not go on.
	if old := s.sessionID(r, account); old != digest(token) {
		if err := s.end(ctx, old); err != nil {
			s.log.WarnContext(ctx, "the session before a login could not be ended", "account", account, "error", err)
		}
	}
	if keep {
		s.save(ctx, user) // a repeat finds the session while this waits
	}
	s.metrics.count(resultDone)
	s.giveCookie(w, account, token, time.Duration(s.cfg.SessionLife))
	return redirect(w, a.Target)
}

// look is how often the session of a callback under way is looked for, and repeatWait how
// long: less than a load balancer waits for one server, as the first server may be dead.
const (
	look       = 50 * time.Millisecond
	repeatWait = 1500 * time.Millisecond
)

// repeated answers a callback that came before: by the session of the first one, for which it
// waits while that is under way. Without one the follower is sent for another code.
func (s *Service) repeated(ctx context.Context, w http.ResponseWriter, r *http.Request, account string, a attempt, token string) error {
	ctx, cancel := context.WithTimeout(ctx, repeatWait)
	defer cancel()
	tick := time.NewTicker(look)
	defer tick.Stop()
	for {
		_, err := s.load(ctx, account, digest(token))
		if err == nil {
			s.metrics.count(resultRepeated)
			s.giveCookie(w, account, token, time.Duration(s.cfg.SessionLife))
			return redirect(w, a.Target)
		}
		if !errors.Is(err, ErrNoSession) && ctx.Err() == nil {
			s.metrics.count(resultFailed)
			return s.unavailable(w, err)
		}
		select {
		case <-tick.C:
		case <-r.Context().Done():
			return nil // the browser has gone
		case <-ctx.Done():
			return s.exchangeFailed(w, r, account, a, errFirstIsGone)
		}
	}
}

var errFirstIsGone = errors.New("the first callback with this state brought no session")

func badRequest(w http.ResponseWriter, account, text string) error {
	return notice(w, http.StatusBadRequest, page{Title: "链接有误", Text: text, Link: loginAddress(account, "", ""), LinkText: "登录"})
}

func redirect(w http.ResponseWriter, to string) error {
	w.Header().Set("Location", to)
	w.WriteHeader(http.StatusFound)
	return nil
}
