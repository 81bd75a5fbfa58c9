package oauth

import (
	"crypto/ed25519"
	"crypto/rand"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/golang-jwt/jwt/v5"

	"oalab/server/internal/web"
)

// issuer is the name under which the tokens for the API are signed.
const issuer = "oalab"

// bearer is the scheme of a token for the API. Its case does not matter (RFC 9110, 11.1).
const bearer = "Bearer"

// refreshGrace is how long a refresh token may come again: its answer may have been lost on the
// way to the page, which then has no other token.
const refreshGrace = 30 * time.Second

// Claims are what a token for the API says (OAU-4). Subject is the openid, Audience the account.
type Claims struct {
	jwt.RegisteredClaims
	// Session is the id of the session; when that has ended, this system refuses the token.
	// Another host does not ask this system, and takes it to its end.
	Session  string `json:"sid"`
	Scope    string `json:"scope"`
	Snapshot bool   `json:"snapshot,omitempty"`
}

// ErrToken says that a token for the API is forged, over, or for another account.
var ErrToken = errors.New("the token is not good")

// signToken makes a token for a session.
func (s *Service) signToken(id string, session Session, now time.Time) (string, error) {
	k := s.keys.current
	t := jwt.NewWithClaims(jwt.SigningMethodEdDSA, Claims{
		RegisteredClaims: jwt.RegisteredClaims{
			Issuer: issuer, Subject: session.OpenID, Audience: jwt.ClaimStrings{session.Account},
			IssuedAt: jwt.NewNumericDate(now), ExpiresAt: jwt.NewNumericDate(now.Add(time.Duration(s.cfg.TokenLife))),
		},
		Session: id, Scope: session.Scope, Snapshot: session.Snapshot,
	})
	t.Header["kid"] = k.id
	return t.SignedString(k.sign)
}

// verifyToken reads a token for an account: signed by a key of the ring, with the one
// algorithm that these keys are for.
func (s *Service) verifyToken(account, text string) (Claims, error) {
	var claims Claims
	_, err := jwt.ParseWithClaims(text, &claims, func(t *jwt.Token) (any, error) {
		id, _ := t.Header["kid"].(string)
		k, known := s.keys.byID[id]
		if !known {
			return nil, ErrToken
		}
		return k.sign.Public(), nil
	}, jwt.WithValidMethods([]string{jwt.SigningMethodEdDSA.Alg()}), jwt.WithIssuer(issuer), jwt.WithAudience(account),
		jwt.WithExpirationRequired())
	if err != nil {
		return Claims{}, fmt.Errorf("%w: %w", ErrToken, err)
	}
	return claims, nil
}

// publicKeys are the keys that verify tokens, as RFC 8037 writes them.
func (r *Keyring) publicKeys() []map[string]string {
	var out []map[string]string
	for _, k := range r.byID {
		public, ok := k.sign.Public().(ed25519.PublicKey)
		if !ok {
			continue // it always is
		}
		out = append(out, map[string]string{
			"kty": "OKP", "crv": "Ed25519", "use": "sig", "alg": "EdDSA", "kid": k.id, "x": base64.RawURLEncoding.EncodeToString(public),
		})
	}
	return out
}

// serveKeys gives other hosts what they verify tokens with: a JSON Web Key Set.
func (s *Service) serveKeys(w http.ResponseWriter, _ *http.Request, _ string) error {
	w.Header().Set("Content-Type", "application/jwk-set+json")
	w.Header().Set("Cache-Control", "public, max-age=300")
	return json.NewEncoder(w).Encode(map[string]any{"keys": s.keys.publicKeys()})
}

// tokenAnswer is what a page gets for its API.
type tokenAnswer struct {
	AccessToken string `json:"access_token"`
	TokenType   string `json:"token_type"`
	// ExpiresIn is in seconds.
	ExpiresIn int `json:"expires_in"`
	// RefreshToken is good once, for as long as the session lasts.
	RefreshToken string `json:"refresh_token"`
}

// refreshTicket is what a refresh token holds, sealed.
type refreshTicket struct {
	Session string `json:"sid"`
	Serial  string `json:"jti"`
}

// caller is the session that a request names: by its token for the API, or by its cookie.
func (s *Service) caller(w http.ResponseWriter, r *http.Request, account string) (id string, session Session, err error) {
	id = s.sessionID(r, account)
	if scheme, token, ok := strings.Cut(r.Header.Get("Authorization"), " "); ok && strings.EqualFold(scheme, bearer) {
		claims, err := s.verifyToken(account, token)
		if err != nil {
			return "", Session{}, fmt.Errorf("%w: %w", web.ErrUnauthorized, ErrToken)
		}
		id = claims.Session
	}
	session, err = s.calls(w, r, account, id)
	return id, session, err
}

// Caller is the follower who asks something of the pages' API: for the features that have a
// part of it. Its errors are those of package web. A call counts against the limit of its session.
func (s *Service) Caller(w http.ResponseWriter, r *http.Request, account string) (Session, error) {
	if _, known := s.accounts[account]; !known {
		return Session{}, fmt.Errorf("%w: no such account", web.ErrNotFound)
	}
	_, session, err := s.caller(w, r, account)
	return session, err
}

// calls admits a call of the API by a session, and loads it.
func (s *Service) calls(w http.ResponseWriter, r *http.Request, account, id string) (Session, error) {
	if id != "" {
		if err := s.limits.call(w, id); err != nil {
			return Session{}, err
		}
	}
	session, err := s.load(r.Context(), account, id)
	if errors.Is(err, ErrNoSession) {
		return Session{}, web.ErrUnauthorized
	}
	if err != nil {
		return Session{}, s.unavailable(w, err)
	}
	return session, nil
}

// serveMe tells a page who the follower is.
func (s *Service) serveMe(w http.ResponseWriter, r *http.Request, account string) error {
	id, session, err := s.caller(w, r, account)
	if err != nil {
		return err
	}
	session = s.renewed(r.Context(), id, session)
	return web.OK(w, map[string]any{
		"openid": session.OpenID, "scope": session.Scope, "snapshot": session.Snapshot,
		"nickname": session.Profile.Nickname, "picture": session.Profile.Picture,
	})
}

// serveToken gives tokens for the API to a page whose browser has a session. A token brings no
// further ones. Otherwise a host that has seen it would be logged in for as long as the session lasts.
func (s *Service) serveToken(w http.ResponseWriter, r *http.Request, account string) error {
	id := s.sessionID(r, account)
	session, err := s.calls(w, r, account, id)
	if err != nil {
		return err
	}
	return s.giveTokens(w, id, session)
}

func (s *Service) giveTokens(w http.ResponseWriter, id string, session Session) error {
	access, err := s.signToken(id, session, time.Now())
	if err != nil {
		return err
	}
	ticket, err := json.Marshal(refreshTicket{Session: id, Serial: rand.Text()})
	if err != nil {
		return err
	}
	return web.OK(w, tokenAnswer{
		AccessToken: access, TokenType: bearer, ExpiresIn: int(time.Duration(s.cfg.TokenLife).Seconds()),
		RefreshToken: s.keys.sealText(ticket, "api "+session.Account),
	})
}

// serveRefresh gives new tokens for a refresh token. One that comes again later than refreshGrace
// was copied: the session ends.
func (s *Service) serveRefresh(w http.ResponseWriter, r *http.Request, account string) error {
	var in struct {
		RefreshToken string `json:"refresh_token"`
	}
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		return fmt.Errorf("%w: the body is not a JSON object with refresh_token", web.ErrInvalid)
	}
	plain, err := s.keys.openText(in.RefreshToken, "api "+account)
	var ticket refreshTicket
	if err != nil || json.Unmarshal(plain, &ticket) != nil {
		return web.ErrUnauthorized
	}
	session, err := s.calls(w, r, account, ticket.Session)
	if err != nil {
		return err
	}
	// The short claim is made first. Otherwise a repeat between the two would end the session.
	late, err := s.sessions.Claim(r.Context(), "refresh-again:"+ticket.Serial, refreshGrace)
	if err != nil {
		return s.unavailable(w, err)
	}
	first, err := s.sessions.Claim(r.Context(), "refresh:"+ticket.Serial, time.Duration(s.cfg.SessionLife))
	if err != nil {
		return s.unavailable(w, err)
	}
	if late && !first {
		s.log.WarnContext(r.Context(), "a refresh token came again long after its use: its session is ended", "account", account)
		if err := s.end(r.Context(), ticket.Session); err != nil {
			return s.unavailable(w, err)
		}
		return web.ErrUnauthorized
	}
	return s.giveTokens(w, ticket.Session, session)
}

// serveRevoke ends the session of a token or a cookie, with all tokens.
func (s *Service) serveRevoke(w http.ResponseWriter, r *http.Request, account string) error {
	id, _, err := s.caller(w, r, account)
	if err != nil {
		return err
	}
	if err := s.end(r.Context(), id); err != nil {
		return s.unavailable(w, err)
	}
	s.takeCookie(w, account)
	return web.OK(w, nil)
}
