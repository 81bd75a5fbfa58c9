package oauth

import (
	"context"
	"errors"
	"net/http"
	"time"

	"oalab/server/internal/web"
)

// hostPrefix begins the name of a cookie that a browser takes from this host alone, over TLS and
// with the path /.
const hostPrefix = "__Host-"

// sessionCookie is the cookie of an account's session.
func (s *Service) sessionCookie(account string) string {
	if s.secure() {
		return hostPrefix + "oa_" + account
	}
	return "oa_" + account
}

// giveCookie gives the browser the secret of its session, for as long as life.
func (s *Service) giveCookie(w http.ResponseWriter, account, token string, life time.Duration) {
	http.SetCookie(w, &http.Cookie{
		Name: s.sessionCookie(account), Value: token, Path: "/", MaxAge: int(life.Seconds()), HttpOnly: true, Secure: s.secure(),
		// A follower comes to the pages from chats and other sites.
		SameSite: http.SameSiteLaxMode,
	})
}

func (s *Service) takeCookie(w http.ResponseWriter, account string) {
	http.SetCookie(w, &http.Cookie{
		Name: s.sessionCookie(account), Path: "/", MaxAge: -1, HttpOnly: true, Secure: s.secure(), SameSite: http.SameSiteLaxMode,
	})
}

// sessionID is the id of the session that the browser brings, "" without one.
func (s *Service) sessionID(r *http.Request, account string) string {
	c, err := r.Cookie(s.sessionCookie(account))
	if err != nil || c.Value == "" {
		return ""
	}
	return digest(c.Value)
}

// lifeLeft is how long a session lasts without a further visit.
func (s *Service) lifeLeft(began, now time.Time) time.Duration {
	return min(time.Duration(s.cfg.SessionIdle), began.Add(time.Duration(s.cfg.SessionLife)).Sub(now))
}

// begin keeps a new session under the secret of its login.
func (s *Service) begin(ctx context.Context, token string, made *Session) error {
	now := time.Now()
	made.Began, made.Seen = now, now
	return s.sessions.Create(ctx, digest(token), *made, s.lifeLeft(now, now))
}

// load returns a session that lives, and notes the visit. The limits hold even where the
// store keeps a session longer.
func (s *Service) load(ctx context.Context, account, id string) (Session, error) {
	if id == "" {
		return Session{}, ErrNoSession
	}
	found, err := s.sessions.Load(ctx, id)
	if err != nil {
		return Session{}, err
	}
	now := time.Now()
	if found.Account != account || now.Sub(found.Seen) >= time.Duration(s.cfg.SessionIdle) || s.lifeLeft(found.Began, now) <= 0 {
		return Session{}, ErrNoSession
	}
	if now.Sub(found.Seen) >= time.Duration(s.cfg.SessionIdle)/10 {
		found.Seen = now
		if err := s.sessions.Replace(ctx, id, found, s.lifeLeft(found.Began, now)); err != nil {
			return Session{}, err
		}
	}
	return found, nil
}

// end ends the session that the browser brings.
func (s *Service) end(ctx context.Context, id string) error {
	if id == "" {
		return nil
	}
	return s.sessions.Delete(ctx, id)
}

// unavailable is what a caller hears when the sessions cannot be reached; the cause is for
// the log alone.
func (s *Service) unavailable(w http.ResponseWriter, cause error) error {
	if times, tell := s.metrics.warnings.Tell("sessions", time.Now()); tell {
		s.log.Warn("the sessions of followers cannot be reached", "times", times, "error", cause)
	}
	w.Header().Set("Retry-After", "2")
	return web.ErrUnavailable
}

// serveLogout ends the session of the browser.
func (s *Service) serveLogout(w http.ResponseWriter, r *http.Request, account string) error {
	if err := s.end(r.Context(), s.sessionID(r, account)); err != nil && !errors.Is(err, ErrNoSession) {
		return s.unavailable(w, err)
	}
	s.takeCookie(w, account)
	return notice(w, http.StatusOK, page{Title: "已退出登录", Text: "您已退出登录。", Link: loginAddress(account, "", ""), LinkText: "重新登录"})
}
