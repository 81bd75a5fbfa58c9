package oauth

import (
	"context"
	"crypto/rand"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"oalab/server/internal/web"
	"oalab/server/wechat"
)

// Tickets gives the jsapi ticket of an account.
type Tickets interface {
	Token(ctx context.Context, account string) (string, error)
}

// pageConfig is what a page gives to wx.config, in its words.
type pageConfig struct {
	AppID     string `json:"appId"`
	Timestamp int64  `json:"timestamp"`
	Nonce     string `json:"nonceStr"`
	Signature string `json:"signature"`
}

// serveConfig signs the address of a page of ours, so that it may use the JSSDK (OAU-8).
func (s *Service) serveConfig(w http.ResponseWriter, r *http.Request, account string) error {
	page := r.URL.Query().Get("url")
	if !s.isOurs(s.base(r), page) {
		return fmt.Errorf("%w: url is not the address of a page of this account", web.ErrInvalid)
	}
	id := s.sessionID(r, account)
	if _, err := s.load(r.Context(), account, id); err != nil {
		id = "" // a page has no need of a session, and an invented one is no way around the limits
	}
	if err := s.limits.page(w, id, s.address(r)); err != nil {
		return err
	}
	ticket, err := s.tickets.Token(r.Context(), account)
	if err != nil {
		if times, tell := s.metrics.warnings.Tell("ticket "+account, time.Now()); tell {
			s.log.WarnContext(r.Context(), "pages cannot use the JSSDK", "account", account, "times", times, "error", err)
		}
		w.Header().Set("Retry-After", "2")
		return web.ErrUnavailable
	}
	c := pageConfig{AppID: s.accounts[account].AppID, Timestamp: time.Now().Unix(), Nonce: rand.Text()}
	c.Signature = wechat.SignPage(ticket, c.Nonce, strconv.FormatInt(c.Timestamp, 10), page)
	return web.OK(w, c)
}

// isOurs says whether an address is of this site or of one to which logins lead.
func (s *Service) isOurs(base, page string) bool {
	u, err := url.Parse(page)
	if err != nil || len(page) > maxTarget || !plainText(page) || u.User != nil || u.Host == "" {
		return false
	}
	site := strings.ToLower(u.Scheme + "://" + u.Host)
	return site == strings.ToLower(base) || slices.Contains(s.targets.sites, site)
}
