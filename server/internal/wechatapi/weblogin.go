package wechatapi

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"
)

const (
	pathAuthorize  = "/connect/oauth2/authorize"
	pathWebToken   = "/sns/oauth2/access_token"
	pathWebRefresh = "/sns/oauth2/refresh_token"
	pathWebUser    = "/sns/userinfo"
	pathWebAuth    = "/sns/auth"
	pathMini       = "/sns/jscode2session"
)

// WebGrant is what a follower's login gives: tokens that are good for this follower alone,
// and are no access tokens of the account.
type WebGrant struct {
	OpenID string
	// UnionID is the same for all accounts of one owner; "" where the platform has none.
	UnionID string
	// Scope is what the follower has agreed to.
	Scope           string
	Access, Refresh string
	// Life is that of Access.
	Life time.Duration
	// Snapshot: the follower looks at a page without having agreed; openid and union id are
	// made up by the platform.
	Snapshot bool
}

// WebUser is a follower's profile, as the follower lets the account see it.
type WebUser struct {
	OpenID   string `json:"openid"`
	UnionID  string `json:"unionid"`
	Nickname string `json:"nickname"`
	// Picture is the address of the follower's picture; "" for none.
	Picture string `json:"headimgurl"`
}

// MiniGrant is what the login of a mini program gives. SessionKey never leaves the server (OAU-9).
type MiniGrant struct {
	OpenID, UnionID, SessionKey string
}

// AuthorizeURL is the page of the platform, below openBase, that sends a follower back to an
// address with a code (OAU-1). The platform wants the parameters in this order.
func (c *Client) AuthorizeURL(openBase, account, back, scope, state string) (string, error) {
	a, ok := c.accounts[account]
	if !ok {
		return "", fmt.Errorf("account %q: %w", account, ErrNoAccount)
	}
	return openBase + pathAuthorize + "?appid=" + url.QueryEscape(a.AppID) + "&redirect_uri=" + url.QueryEscape(back) +
		"&response_type=code&scope=" + url.QueryEscape(scope) + "&state=" + url.QueryEscape(state) + "#wechat_redirect", nil
}

// ExchangeCode gives a code for the follower's tokens. A code is good once: after an error of
// ClassBusy it may be spent, and must not be tried again.
func (c *Client) ExchangeCode(ctx context.Context, account, code string) (WebGrant, error) {
	a, err := c.loginOf(account, pathWebToken)
	if err != nil {
		return WebGrant{}, err
	}
	return c.webGrant(ctx, a, pathWebToken, url.Values{
		"appid": {a.AppID}, "secret": {a.Secret}, "code": {code}, "grant_type": {"authorization_code"},
	}, a.Secret, code)
}

// RefreshWebToken gives a new access token for a refresh token. It may be repeated.
func (c *Client) RefreshWebToken(ctx context.Context, account, refresh string) (WebGrant, error) {
	a, err := c.loginOf(account, pathWebRefresh)
	if err != nil {
		return WebGrant{}, err
	}
	return c.webGrant(ctx, a, pathWebRefresh, url.Values{
		"appid": {a.AppID}, "grant_type": {"refresh_token"}, "refresh_token": {refresh},
	}, refresh)
}

// FetchWebUser returns the profile of the follower whose access token it is. It may be repeated.
func (c *Client) FetchWebUser(ctx context.Context, access, openid string) (WebUser, error) {
	if c.base == "" {
		return WebUser{}, ErrNoPlatform
	}
	var answer WebUser
	err := c.call(ctx, http.MethodGet, pathWebUser, url.Values{
		"access_token": {access}, "openid": {openid}, "lang": {"zh_CN"},
	}, nil, &answer, access)
	if err == nil && answer.OpenID != openid {
		err = errors.New(pathWebUser + ": the answer is about another follower")
	}
	if err != nil {
		return WebUser{}, err
	}
	return answer, nil
}

// CheckWebToken says whether an access token is good for a follower: nil, or an error of
// ClassToken or ClassMessage when it is not.
func (c *Client) CheckWebToken(ctx context.Context, access, openid string) error {
	if c.base == "" {
		return ErrNoPlatform
	}
	return c.call(ctx, http.MethodGet, pathWebAuth, url.Values{"access_token": {access}, "openid": {openid}}, nil, nil, access)
}

// ExchangeMiniCode gives a code of wx.login for the follower of a mini program. A code is
// good once, as for ExchangeCode.
func (c *Client) ExchangeMiniCode(ctx context.Context, account, code string) (MiniGrant, error) {
	a, err := c.loginOf(account, pathMini)
	if err != nil {
		return MiniGrant{}, err
	}
	var answer struct {
		OpenID  string `json:"openid"`
		UnionID string `json:"unionid"`
		Key     string `json:"session_key"`
	}
	err = c.call(ctx, http.MethodGet, pathMini, url.Values{
		"appid": {a.AppID}, "secret": {a.Secret}, "js_code": {code}, "grant_type": {"authorization_code"},
	}, nil, &answer, a.Secret, code)
	c.refusals.note(account, pathMini, err)
	if err == nil && (answer.OpenID == "" || answer.Key == "") {
		err = errors.New(pathMini + ": the answer has no openid or no session_key")
	}
	if err != nil {
		return MiniGrant{}, err
	}
	return MiniGrant{OpenID: answer.OpenID, UnionID: answer.UnionID, SessionKey: answer.Key}, nil
}

// sendOnce keeps the transport from sending a request again by itself. It does so with a GET when
// a connection that was used before ends without an answer, by which time a code may be spent. A
// body that cannot be read again, though empty, is what stops it.
func sendOnce(req *http.Request) { req.Body, req.GetBody = io.NopCloser(strings.NewReader("")), nil }

// loginOf finds the account of a call for a login, unless the platform refuses that account.
func (c *Client) loginOf(account, path string) (Account, error) {
	if c.base == "" {
		return Account{}, fmt.Errorf("%s: %w", path, ErrNoPlatform)
	}
	a, ok := c.accounts[account]
	if !ok {
		return Account{}, fmt.Errorf("%s for account %q: %w", path, account, ErrNoAccount)
	}
	if err := a.right(path); err != nil {
		return Account{}, err
	}
	return a, c.refusals.hold(account, path)
}

// webGrant asks one of the interfaces that give tokens of a follower.
func (c *Client) webGrant(ctx context.Context, a Account, path string, query url.Values, secrets ...string) (WebGrant, error) {
	var answer struct {
		Access   string `json:"access_token"`
		Expires  int    `json:"expires_in"` // seconds
		Refresh  string `json:"refresh_token"`
		OpenID   string `json:"openid"`
		UnionID  string `json:"unionid"`
		Scope    string `json:"scope"`
		Snapshot int    `json:"is_snapshotuser"`
	}
	err := c.call(ctx, http.MethodGet, path, query, nil, &answer, secrets...)
	c.refusals.note(a.Name, path, err)
	if err == nil && (answer.Access == "" || answer.OpenID == "" || answer.Expires <= 0) {
		err = errors.New(path + ": the answer has no token, no openid or no lifetime")
	}
	if err != nil {
		return WebGrant{}, err
	}
	return WebGrant{
		OpenID: answer.OpenID, UnionID: answer.UnionID, Scope: answer.Scope, Access: answer.Access, Refresh: answer.Refresh,
		Life: time.Duration(answer.Expires) * time.Second, Snapshot: answer.Snapshot == 1,
	}, nil
}
