package oauth

import (
	"context"
	"errors"
	"time"

	"oalab/server/internal/wechatapi"
)

// refreshLife is that of the platform's refresh tokens.
const refreshLife = 30 * 24 * time.Hour

// profileTries bounds the tries to fetch a profile, which may be repeated. After those the
// follower's visits leave the platform alone for profilePause.
const (
	profileTries = 2
	profilePause = 5 * time.Minute
)

// profileWait is how long a follower waits for a newer profile, and for its store: less than a load balancer waits
// for a server. Otherwise a platform that does not answer would end logins and visits that need
// nothing of it.
const profileWait = time.Second

// welcome returns a follower who has just logged in. The profile is the kept one when that is young
// enough, and, however old, when the platform does not say (OAU-5). The tokens of a login with
// ScopeUser are to be kept; those of the other scope are good for nothing.
func (s *Service) welcome(ctx context.Context, account string, grant wechatapi.WebGrant) (user User, keep bool) {
	if grant.Snapshot {
		return User{}, false
	}
	wait, cancel := context.WithTimeout(ctx, profileWait)
	defer cancel()
	kept, err := s.users.LoadUser(wait, account, grant.OpenID)
	if err != nil && !errors.Is(err, ErrNoUser) {
		s.log.WarnContext(ctx, "the profile of a follower could not be read", "account", account, "error", err)
		return User{}, false
	}
	if grant.Scope != ScopeUser {
		return kept, false
	}
	now := time.Now()
	user = User{Account: account, OpenID: grant.OpenID, UnionID: grant.UnionID, Profile: kept.Profile, Tokens: s.seal(account, grant, now)}
	if now.Sub(kept.Profile.At) >= time.Duration(s.cfg.ProfileAge) {
		user.Profile = s.fetch(wait, account, grant, kept.Profile)
	}
	return user, true
}

// renewed is a session whose profile is young enough, or as young as can be had. The
// platform is asked once, however many visits there are at a time.
func (s *Service) renewed(ctx context.Context, id string, session Session) Session {
	if session.Scope != ScopeUser || session.Snapshot || time.Since(session.Profile.At) < time.Duration(s.cfg.ProfileAge) || time.Since(session.Asked) < profilePause {
		return session
	}
	got, _, _ := s.renewals.Do(session.Account+"|"+session.OpenID, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), exchangeTime)
		defer cancel()
		return s.renew(ctx, session), nil
	})
	profile, ok := got.(Profile)
	if !ok {
		return session // it always is one
	}
	session.Profile, session.Asked = profile, time.Now()
	// That the platform was asked is kept when the browser has hung up, too: the next visit does not wait.
	ctx = context.WithoutCancel(ctx)
	if err := s.sessions.Replace(ctx, id, session, s.lifeLeft(session.Began, time.Now())); err != nil && !errors.Is(err, ErrNoSession) {
		s.log.WarnContext(ctx, "a renewed profile was not kept in the session", "account", session.Account, "error", err)
	}
	return session
}

// renew asks for a profile by the tokens that are kept.
func (s *Service) renew(ctx context.Context, session Session) Profile {
	wait, cancel := context.WithTimeout(ctx, profileWait)
	defer cancel()
	user, err := s.users.LoadUser(wait, session.Account, session.OpenID)
	if err != nil {
		return session.Profile
	}
	now := time.Now()
	if now.Sub(user.Profile.At) < time.Duration(s.cfg.ProfileAge) {
		return user.Profile // another server has asked
	}
	access, refresh, err := s.open(user)
	if err != nil || !now.Before(user.Tokens.RefreshUntil) {
		return user.Profile // until the next login
	}
	grant := wechatapi.WebGrant{OpenID: user.OpenID, Access: access, Scope: ScopeUser}
	if !now.Before(user.Tokens.AccessUntil) {
		grant, err = s.grants.Do(wait, func(ctx context.Context) (wechatapi.WebGrant, error) {
			return s.platform.RefreshWebToken(ctx, session.Account, refresh)
		})
		if err != nil {
			s.log.InfoContext(ctx, "the token of a follower was not refreshed; the profile stays as it is", "account", session.Account, "error", err)
			return user.Profile
		}
		until := user.Tokens.RefreshUntil
		user.Tokens = s.seal(session.Account, grant, now)
		if grant.Refresh == refresh {
			user.Tokens.RefreshUntil = until
		}
	}
	user.Profile = s.fetch(wait, session.Account, grant, user.Profile)
	s.save(ctx, user)
	return user.Profile
}

// fetch asks the platform for a profile; it returns the one from before when that fails.
func (s *Service) fetch(ctx context.Context, account string, grant wechatapi.WebGrant, before Profile) Profile {
	for try := 1; ; try++ {
		got, err := s.profiles.Do(ctx, func(ctx context.Context) (wechatapi.WebUser, error) {
			return s.platform.FetchWebUser(ctx, grant.Access, grant.OpenID)
		})
		if err == nil {
			return Profile{Nickname: got.Nickname, Picture: got.Picture, At: time.Now()}
		}
		if try == profileTries || wechatapi.ErrorClass(err) != wechatapi.ClassBusy || !pass(ctx, s.backoff.Delay(try)) {
			s.log.InfoContext(ctx, "the profile of a follower was not fetched; the kept one is shown", "account", account, "error", err)
			return before
		}
	}
}

// save keeps a user. A login is not refused for the sake of its profile.
func (s *Service) save(ctx context.Context, u User) {
	ctx, cancel := context.WithTimeout(ctx, profileWait)
	defer cancel()
	if err := s.users.SaveUser(ctx, u); err != nil {
		s.log.WarnContext(ctx, "the profile of a follower was not stored", "account", u.Account, "error", err)
	}
	if s.cfg.Named == nil || u.Profile.At.IsZero() {
		return
	}
	if err := s.cfg.Named(ctx, u); err != nil {
		s.log.WarnContext(ctx, "the name of a follower was not taken over", "account", u.Account, "error", err)
	}
}

// seal makes the tokens ready for the store. What is sealed is bound to its row.
func (s *Service) seal(account string, grant wechatapi.WebGrant, now time.Time) SealedTokens {
	t := SealedTokens{AccessUntil: now.Add(grant.Life), RefreshUntil: now.Add(refreshLife)}
	t.KeyID, t.Access = s.keys.Seal([]byte(grant.Access), "access "+account+" "+grant.OpenID)
	_, t.Refresh = s.keys.Seal([]byte(grant.Refresh), "refresh "+account+" "+grant.OpenID)
	return t
}

func (s *Service) open(u User) (access, refresh string, err error) {
	a, err := s.keys.Open(u.Tokens.KeyID, u.Tokens.Access, "access "+u.Account+" "+u.OpenID)
	if err != nil {
		return "", "", err
	}
	r, err := s.keys.Open(u.Tokens.KeyID, u.Tokens.Refresh, "refresh "+u.Account+" "+u.OpenID)
	return string(a), string(r), err
}

// pass waits for d; false: ctx ended first.
func pass(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
