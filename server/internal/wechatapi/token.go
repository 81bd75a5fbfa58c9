package wechatapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

// FetchToken asks the platform for an access token and how long it lives on: by
// /cgi-bin/stable_token, which repeats a token that has long to live, or, with
// replace, by /cgi-bin/token, which gives a new one at every call.
func (c *Client) FetchToken(ctx context.Context, account string, replace bool) (token string, life time.Duration, err error) {
	if c.base == "" {
		return "", 0, ErrNoPlatform
	}
	a, ok := c.accounts[account]
	if !ok {
		return "", 0, fmt.Errorf("account %q: %w", account, ErrNoAccount)
	}
	var answer struct {
		Token   string `json:"access_token"`
		Expires int    `json:"expires_in"` // seconds
	}
	if replace {
		err = c.call(ctx, http.MethodGet, pathReplace, url.Values{
			"grant_type": {"client_credential"}, "appid": {a.AppID}, "secret": {a.Secret},
		}, nil, &answer, a.Secret)
	} else {
		err = c.post(ctx, pathStable, nil, map[string]any{
			"grant_type": "client_credential", "appid": a.AppID, "secret": a.Secret, "force_refresh": false,
		}, &answer, a.Secret)
	}
	c.refusals.note(account, apiToken, err)
	if err != nil {
		return "", 0, fmt.Errorf("fetch access token of account %s: %w", account, err)
	}
	if answer.Token == "" || answer.Expires <= 0 {
		return "", 0, fmt.Errorf("fetch access token of account %s: the answer has no token or no lifetime", account)
	}
	return answer.Token, time.Duration(answer.Expires) * time.Second, nil
}

// Refused reports whether err is an answer of the platform that says no, so that
// nothing was done. It is false for an error that leaves open what happened, and
// for a platform that says that it is busy.
func (*Client) Refused(err error) bool {
	var code *CodeError
	return errors.As(err, &code) && code.Class() != ClassBusy
}
