package wechatapi

import (
	"context"
	"errors"
	"net/http"
	"net/url"
)

const (
	pathMenuCreate = "/cgi-bin/menu/create"
	pathMenuGet    = "/cgi-bin/menu/get"
)

// codeNoMenu is how the platform answers an account without a menu.
const codeNoMenu = 46003

// MenuButton is an entry of a menu as the platform has it.
type MenuButton struct {
	Type      string       `json:"type,omitempty"`
	Name      string       `json:"name"`
	Key       string       `json:"key,omitempty"`
	URL       string       `json:"url,omitempty"`
	MediaID   string       `json:"media_id,omitempty"`
	AppID     string       `json:"appid,omitempty"`
	PagePath  string       `json:"pagepath,omitempty"`
	ArticleID string       `json:"article_id,omitempty"`
	Sub       []MenuButton `json:"sub_button,omitempty"`
}

// CreateMenu replaces the menu of an account that all followers see. Menus for some of them
// stay. The platform allows 1 000 calls a day. It may be repeated.
func (c *Client) CreateMenu(ctx context.Context, account string, buttons []MenuButton) error {
	return c.withToken(ctx, account, pathMenuCreate, func(token, secret string) error {
		return c.post(ctx, pathMenuCreate, url.Values{"access_token": {token}}, map[string]any{"button": buttons}, nil, token, secret)
	})
}

// FetchMenu returns the menu of an account that all followers see, and no button when there
// is none.
func (c *Client) FetchMenu(ctx context.Context, account string) ([]MenuButton, error) {
	var answer struct {
		Menu struct {
			Buttons []MenuButton `json:"button"`
		} `json:"menu"`
	}
	err := c.withToken(ctx, account, pathMenuGet, func(token, secret string) error {
		return c.call(ctx, http.MethodGet, pathMenuGet, url.Values{"access_token": {token}}, nil, &answer, token, secret)
	})
	if code, ok := errors.AsType[*CodeError](err); ok && code.Code == codeNoMenu {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return answer.Menu.Buttons, nil
}
