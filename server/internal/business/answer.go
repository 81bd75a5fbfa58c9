package business

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/binding"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
)

// Command is a message that may ask for business.
type Command struct {
	Account, OpenID string
	// Key identifies the message among those of its account (MSG-6).
	Key  string
	Text string
	// At is the message's CreateTime, the same for all tries. Zero means now.
	At time.Time
}

// Answer answers a business command; ok is false when the text is none. The
// same Key of an account gets the same Reply for ever, across processes and
// restarts, and has its effects once (MSG-6). After an error nothing is certain
// but that: the same Key may be asked again.
func (s *Service) Answer(ctx context.Context, c Command) (r message.Reply, ok bool, err error) {
	if c.At.IsZero() {
		c.At = s.cfg.Now()
	}
	for _, answer := range []func(context.Context, Command) (message.Reply, bool, error){s.choose, s.own, s.asked} {
		if r, ok, err = answer(ctx, c); ok || err != nil {
			return r, true, err
		}
	}
	return message.Reply{}, false, nil
}

// asked answers what an exact command or a menu key asks for.
func (s *Service) asked(ctx context.Context, c Command) (message.Reply, bool, error) {
	code, ok := s.codes.Load().find(c.Account, c.Text)
	if !ok {
		return message.Reply{}, false, nil
	}
	if code.Sort == SortMenu {
		return s.show(ctx, c, code, "")
	}
	r, err := s.answerCode(ctx, c, code)
	return r, true, err
}

// answerCode does what a code says: a query, or an order.
func (s *Service) answerCode(ctx context.Context, c Command, code Code) (r message.Reply, err error) {
	if s.carrier == nil {
		return message.Text(textNotAvailable), nil
	}
	if code.Sort.Ordered() {
		r, err = s.replies.Commit(ctx, c.Account, c.Key, func(ctx context.Context, key string) (stored, mine message.Reply, err error) {
			return s.acceptOrder(ctx, c, key, code)
		})
	} else {
		r, err = s.replies.Make(ctx, c.Account, c.Key, func(ctx context.Context, key string) (reply.Draft, error) {
			return s.query(ctx, c, key, code)
		})
	}
	if err != nil {
		return message.Reply{}, fmt.Errorf("business %s for message %s: %w", code.Code, c.Key, err)
	}
	return r, nil
}

// acceptOrder stores the order, its reply and its job in one transaction. The
// unique message key makes a second arrival read the first one's reply.
func (s *Service) acceptOrder(ctx context.Context, c Command, key string, code Code) (stored, mine message.Reply, err error) {
	refuse := func(text string) (stored, mine message.Reply, err error) {
		mine = message.Text(text)
		stored, err = s.stored.SaveReply(ctx, c.Account, key, mine)
		return stored, mine, err
	}
	phone, err := s.phones.Phone(ctx, c.Account, c.OpenID)
	switch {
	case errors.Is(err, binding.ErrUnbound):
		return refuse(textUnbound)
	case err != nil:
		return message.Reply{}, message.Reply{}, err
	case code.Terms.SoldOut:
		return refuse(fmt.Sprintf(textSoldOut, code.Name))
	}
	now := s.cfg.Now()
	o := Order{
		Serial: NewSerial(now), Account: c.Account, OpenID: c.OpenID, Phone: phone, Code: code.Code,
		Product: code.Product, Name: code.Name, Key: key, Kind: kindOf(code.Sort), Effect: code.Terms.Effect, State: StateAccepted,
		Version: FirstVersion, Created: now,
	}
	env, err := orderJob(o, now)
	if err != nil {
		return message.Reply{}, message.Reply{}, err
	}
	mine = message.Text(acceptedText(o.Serial))
	stored, err = s.store.AcceptOrder(ctx, o, mine, s.codes.Load().condition(code, now, s.cfg.Zone), env)
	switch {
	case errors.Is(err, errLimit):
		return refuse(fmt.Sprintf(textLimit, code.Name, code.Terms.Limit))
	case errors.Is(err, errExcluded):
		return refuse(fmt.Sprintf(textExcluded, code.Name))
	}
	return stored, mine, err
}

// query answers from the carrier when that is fast, and hands over otherwise (MSG-5).
func (s *Service) query(ctx context.Context, c Command, key string, code Code) (reply.Draft, error) {
	phone, err := s.phones.Phone(ctx, c.Account, c.OpenID)
	if errors.Is(err, binding.ErrUnbound) {
		return reply.Draft{Reply: message.Text(textUnbound)}, nil
	}
	if err != nil {
		return reply.Draft{}, err
	}
	day := c.At.In(s.cfg.Zone).Format(dayForm)
	q := queryPayload{
		Account: c.Account, OpenID: c.OpenID, Phone: phone, Name: code.Name, Operation: code.Operation, Day: day, Month: day[:len(monthForm)],
	}
	quick, cancel := context.WithTimeout(ctx, s.cfg.InlineWait)
	answer, err := s.ask(quick, q, s.carrier.QueryNow)
	cancel()
	if text, ok := s.queryText(q, answer, err); ok {
		return reply.Draft{Reply: message.Text(text)}, nil
	}
	env, err := queryType(Places{}).New(c.Account+"|"+key, q, s.cfg.Now())
	if err != nil {
		return reply.Draft{}, err
	}
	return reply.Draft{Reply: message.Reply{Later: true}, Jobs: []job.Envelope{env}}, nil
}

// queryText is what the follower reads of the carrier's answer; false when
// there is no answer yet that asking again would not change.
func (s *Service) queryText(q queryPayload, r carrier.Response, err error) (string, bool) {
	var refused *carrier.RefusedError
	switch {
	case err == nil:
		return answerText(q.Name, r, s.cfg.Zone), true
	case errors.As(err, &refused) && refused.Final():
		return refusedText(q.Name, refused), true
	}
	return "", false
}
