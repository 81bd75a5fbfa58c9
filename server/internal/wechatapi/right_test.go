package wechatapi

import (
	"errors"
	"strings"
	"testing"
)

// TestRights: what an account may not call is refused without a call, for good, and says what
// the account would have to be.
func TestRights(t *testing.T) {
	p := newPlatform(t)
	calls := map[string]func(*Client) error{
		pathTemplate:   func(c *Client) error { return c.TemplateSend(t.Context(), "demo", template) },
		pathCustom:     func(c *Client) error { return c.CustomSend(t.Context(), "demo", "o1", "x") },
		pathMenuCreate: func(c *Client) error { return c.CreateMenu(t.Context(), "demo", nil) },
		pathFollowers:  func(c *Client) error { _, err := c.ListFollowers(t.Context(), "demo", ""); return err },
		pathWebToken:   func(c *Client) error { _, err := c.ExchangeCode(t.Context(), "demo", "code"); return err },
	}
	for _, test := range []struct {
		name                     string
		subscription, unverified bool
		refused                  map[string]string
	}{
		{"verified service", false, false, nil},
		{"verified subscription", true, false, map[string]string{pathTemplate: "verified service accounts", pathWebToken: "verified service accounts"}},
		{"service", false, true, map[string]string{
			pathTemplate: "verified service accounts", pathWebToken: "verified service accounts", pathCustom: "verified accounts", pathFollowers: "verified accounts",
		}},
		{"subscription", true, true, map[string]string{
			pathTemplate: "verified service accounts", pathWebToken: "verified service accounts", pathCustom: "verified accounts", pathFollowers: "verified accounts",
			pathMenuCreate: "service accounts and verified accounts",
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			c, err := New(Config{APIBase: p.URL, Accounts: []Account{{Name: "demo", AppID: "wx1", Secret: secret, Subscription: test.subscription, Unverified: test.unverified}}})
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(c.Close)
			c.UseTokens(&fetching{client: c})
			for api, call := range calls {
				p.mu.Lock()
				before := len(p.sent)
				p.mu.Unlock()
				err := call(c)
				p.mu.Lock()
				asked := len(p.sent) > before
				p.mu.Unlock()
				_, refused := errors.AsType[*RightError](err)
				if words, want := test.refused[api]; refused != want || want && (asked || !NoRight(err) || !IsPermanent(err) || !strings.Contains(err.Error(), "it is for "+words+" (")) {
					t.Errorf("%s: asked %t: %v", api, asked, err)
				}
			}
		})
	}
}
