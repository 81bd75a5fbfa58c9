package wechatapi

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"time"
)

const pathTicket = "/cgi-bin/ticket/getticket"

// Tickets asks for jsapi tickets, which sign pages for the JSSDK (OAU-8). It is a token.Platform.
type Tickets struct{ client *Client }

// NewTickets makes a Tickets of a client that has tokens (UseTokens).
func NewTickets(c *Client) Tickets { return Tickets{c} }

// FetchToken asks for the jsapi ticket of an account and how long it lives on. The platform
// repeats a ticket that has long to live; replace has no meaning.
func (t Tickets) FetchToken(ctx context.Context, account string, _ bool) (ticket string, life time.Duration, err error) {
	var answer struct {
		Ticket  string `json:"ticket"`
		Expires int    `json:"expires_in"` // seconds
	}
	err = t.client.withToken(ctx, account, pathTicket, func(token, secret string) error {
		return t.client.call(ctx, http.MethodGet, pathTicket, url.Values{"access_token": {token}, "type": {"jsapi"}}, nil, &answer, token, secret)
	})
	if err == nil && (answer.Ticket == "" || answer.Expires <= 0) {
		err = errors.New("the answer has no ticket or no lifetime")
	}
	if err != nil {
		return "", 0, fmt.Errorf("fetch jsapi ticket of account %s: %w", account, err)
	}
	return answer.Ticket, time.Duration(answer.Expires) * time.Second, nil
}

// Refused is Client.Refused.
func (t Tickets) Refused(err error) bool { return t.client.Refused(err) }
