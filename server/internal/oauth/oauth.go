// Package oauth owns the web login of followers (OAU-1 to OAU-6): the way through the platform's
// consent page and back, the sessions that it ends in, the tokens for the pages' API, and
// the followers' profiles. It knows what a session is, not where one is kept.
package oauth

import (
	"context"
	"errors"
	"time"

	"oalab/server/internal/wechatapi"
)

// The scopes of a login.
const (
	// ScopeBase shows no page to the follower and gives the openid alone.
	ScopeBase = "snsapi_base"
	// ScopeUser asks the follower, and gives the profile too.
	ScopeUser = "snsapi_userinfo"
)

// Session is a follower who is logged in.
type Session struct {
	Account string `json:"account"`
	OpenID  string `json:"openid"`
	UnionID string `json:"unionid,omitempty"`
	// Scope is what the follower has agreed to.
	Scope string `json:"scope"`
	// Snapshot: the openid is made up, so nothing may be bound to it.
	Snapshot bool `json:"snapshot,omitempty"`
	// MiniKey is the session key of a mini program, sealed; "" for a web login.
	MiniKey string `json:"mini_key,omitempty"`
	// Profile is what was known of the follower; zero with ScopeBase and no earlier login.
	Profile Profile `json:"profile,omitzero"`
	// Asked is when a newer profile was asked for last; zero for not since the login.
	Asked time.Time `json:"asked,omitzero"`
	// Began and Seen are when the follower logged in and was here last; Seen is up to a tenth
	// of the idle time old.
	Began time.Time `json:"began"`
	Seen  time.Time `json:"seen"`
}

// Profile is what a follower lets the account see.
type Profile struct {
	Nickname string `json:"nickname"`
	// Picture is the address of the follower's picture; "" for none.
	Picture string `json:"picture,omitempty"`
	// At is when the platform was asked.
	At time.Time `json:"at"`
}

// ErrNoSession says that a session was never there, has ended, or is not known to this server.
var ErrNoSession = errors.New("no such session")

// Sessions keeps sessions, and what may happen once only. Its methods are safe for concurrent
// use. An id is 64 hexadecimal digits: what the store holds is not enough to make a cookie.
type Sessions interface {
	// Create keeps a new session for as long as life.
	Create(ctx context.Context, id string, s Session, life time.Duration) error
	// Load returns a session, or ErrNoSession.
	Load(ctx context.Context, id string) (Session, error)
	// Replace keeps a changed session for as long as life. One that was deleted meanwhile stays
	// so: ErrNoSession.
	Replace(ctx context.Context, id string, s Session, life time.Duration) error
	// Delete ends a session, if there is one.
	Delete(ctx context.Context, id string) error
	// Claim reports whether key was not claimed within its life before. The claim of a process
	// that has ended holds too.
	Claim(ctx context.Context, key string, life time.Duration) (first bool, err error)
}

// User is what is kept of a follower who let the account see the profile.
type User struct {
	Account, OpenID, UnionID string
	Profile                  Profile
	// Tokens are the platform's tokens of this follower.
	Tokens SealedTokens
}

// SealedTokens are tokens as they are at rest.
type SealedTokens struct {
	// KeyID names the key that they are sealed with.
	KeyID           string
	Access, Refresh []byte
	// AccessUntil and RefreshUntil are when they end.
	AccessUntil, RefreshUntil time.Time
}

// ErrNoUser says that nothing is kept of a follower.
var ErrNoUser = errors.New("no such user")

// Users keeps profiles and tokens beyond the session. Its methods are safe for concurrent use.
type Users interface {
	// SaveUser keeps a user in the place of what was kept before.
	SaveUser(ctx context.Context, u User) error
	// LoadUser returns what is kept of a follower, or ErrNoUser.
	LoadUser(ctx context.Context, account, openid string) (User, error)
}

// Platform is what a login needs of the platform.
type Platform interface {
	AuthorizeURL(openBase, account, back, scope, state string) (string, error)
	ExchangeCode(ctx context.Context, account, code string) (wechatapi.WebGrant, error)
	RefreshWebToken(ctx context.Context, account, refresh string) (wechatapi.WebGrant, error)
	FetchWebUser(ctx context.Context, access, openid string) (wechatapi.WebUser, error)
	ExchangeMiniCode(ctx context.Context, account, code string) (wechatapi.MiniGrant, error)
}
