// Package component owns what a third-party platform gets without asking for it: a ticket every
// ten minutes, the page on which an account's administrator gives it rights, and the notices
// about that. Names and fields are those of silenceper/wechat v2.1.7 (openplatform/context,
// officialaccount/message) and of the platform's pages (MOCKW-1).
package component

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"time"

	"oalab/mockwechat/message"
	"oalab/mockwechat/platform"
	"oalab/mockwechat/push"
)

// The InfoTypes of notices, by which fault rules and the ledger name them too.
const (
	InfoTicket       = "component_verify_ticket"
	InfoAuthorized   = "authorized"
	InfoUpdated      = "updateauthorized"
	InfoUnauthorized = "unauthorized"
)

// Server serves the page of authorisation, and pushes tickets and notices. All methods are safe
// for concurrent use.
type Server struct {
	p          *platform.Platform
	done       context.Context // ends what waits when the platform stops
	background func(func()) error
	changed    chan struct{} // the accounts are others, or were reset
	push       func(context.Context, string, message.Message) (push.Outcome, error)
}

// New serves the third-party platforms among the accounts. Work that outlives a call is given to
// background; ctx ends it.
func New(ctx context.Context, p *platform.Platform, background func(func()) error) *Server {
	s := &Server{p: p, done: ctx, background: background, changed: make(chan struct{}, 1)}
	s.push = func(ctx context.Context, name string, m message.Message) (push.Outcome, error) {
		pusher, err := push.New(p, name, push.Config{})
		if err != nil {
			return push.Outcome{}, err
		}
		defer pusher.Close()
		return pusher.Push(ctx, m)
	}
	return s
}

// Changed says that accounts came or that all is forgotten: a new third-party platform gets its
// first ticket at once.
func (s *Server) Changed() {
	select {
	case s.changed <- struct{}{}:
	default: // it has not been seen yet
	}
}

// idle is how long Run waits when there is no third-party platform.
const idle = time.Hour

// Run pushes the tickets until the platform stops. The time between two is real time.
func (s *Server) Run() {
	for s.done.Err() == nil {
		next := time.Now().Add(idle)
		for _, c := range s.p.Accounts() {
			if at, ok := s.ticketDue(c); ok && at.Before(next) {
				next = at
			}
		}
		timer := time.NewTimer(time.Until(next))
		select {
		case <-timer.C:
		case <-s.changed:
		case <-s.done.Done():
		}
		timer.Stop()
	}
}

// ticketDue pushes a ticket that is due, and says when the next one is; false: the account is no
// third-party platform.
func (s *Server) ticketDue(c *platform.Official) (next time.Time, ok bool) {
	if !c.Config.IsComponent() {
		return time.Time{}, false
	}
	every := platform.TicketSpacing
	if speed := c.Config.Component.TicketSpeed; speed > 0 {
		every = time.Duration(float64(every) / speed)
	}
	due, next := platform.Part[platform.Tickets](c).Due(time.Now(), every)
	if due {
		// After Stop nothing is pushed any more: the ledger is closing. What came of a push stands there.
		_ = s.background(func() { _, _ = s.Ticket(s.done, c) })
	}
	return next, true
}

// Ticket makes a ticket and pushes it.
func (s *Server) Ticket(ctx context.Context, c *platform.Official) (push.Outcome, error) {
	return s.notify(ctx, c, InfoTicket, "ComponentVerifyTicket", platform.Part[platform.Tickets](c).NewTicket(s.p))
}

// ErrNoRights is returned for an account that has given the third-party platform no rights.
var ErrNoRights = errors.New("the account has given the third-party platform no rights")

// Unauthorize takes the rights back that an account has given, and tells the third-party platform.
func (s *Server) Unauthorize(ctx context.Context, c, a *platform.Official) (push.Outcome, error) {
	if !a.Unauthorize(s.p, c.Config.AppID) {
		return push.Outcome{}, fmt.Errorf("%w: %s, %s", ErrNoRights, a.Config.Name, c.Config.Name)
	}
	return s.notify(ctx, c, InfoUnauthorized, "AuthorizerAppid", a.Config.AppID)
}

// authorized tells a third-party platform of the rights that it has now.
func (s *Server) authorized(c, a *platform.Official, got platform.Consented, preAuth string) {
	info := InfoAuthorized
	if got.Again {
		info = InfoUpdated
	}
	_ = s.background(func() { // as above
		_, _ = s.notify(s.done, c, info, "AuthorizerAppid", a.Config.AppID, "AuthorizationCode", got.Code,
			"AuthorizationCodeExpiredTime", strconv.FormatInt(got.Expires.Unix(), 10), "PreAuthCode", preAuth)
	})
}

// notify pushes a notice with the elements that pairs name.
func (s *Server) notify(ctx context.Context, c *platform.Official, info string, pairs ...string) (push.Outcome, error) {
	m := message.Message{Op: info, Info: info}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Fields = append(m.Fields, message.Field{Name: pairs[i], Value: pairs[i+1]})
	}
	return s.push(ctx, c.Config.Name, m)
}
