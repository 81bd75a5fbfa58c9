// Package bind owns how followers bind a phone number in the chat, by a code that the carrier
// sends to the number or by the number's service password, and how they end that (BIZ-2).
//
// A code is drawn by crypto/rand, kept as a slow digest, and taken once, for some minutes.
// Neither a code nor a password is stored, logged or put into a job.
package bind

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/message"
	"oalab/server/internal/reply"
)

// Attempt is what is known of the binding that a follower has begun.
type Attempt struct {
	Account, OpenID string
	Phone           string
	// Key identifies the message that began it among those of its account.
	Key string
	// Salt and Sum are of the code; without a Sum no code is taken.
	Salt, Sum []byte
}

// Number is what the carrier says of a number, as it is kept.
type Number struct {
	Phone          string
	Carrier        string // as carrier.QueryNumberResponse; "" is not known
	Province, City string
}

// Limits bound what a follower and a number can have.
type Limits struct {
	// Life is how long a code is taken.
	Life time.Duration
	// Wrong is how many wrong codes lock a follower, for Lock.
	Wrong int
	Lock  time.Duration
	// Gap is the least time between two attempts of a follower, and between two for a number.
	Gap time.Duration
	// Hourly is how many attempts a follower, and a number, can have within an hour.
	Hourly int
}

// The refusals of Store.Begin.
var (
	ErrLocked  = errors.New("the follower gave too many wrong codes")
	ErrTooSoon = errors.New("the last attempt was just before")
	ErrTooMany = errors.New("too many attempts within an hour")
)

// Verdict is what became of a code that a follower has sent.
type Verdict string

// The verdicts.
const (
	VerdictNone    Verdict = ""        // no code is awaited
	VerdictRight   Verdict = "right"   // the code is used up
	VerdictWrong   Verdict = "wrong"   // further ones are taken
	VerdictLocked  Verdict = "locked"  // it was the last wrong one
	VerdictExpired Verdict = "expired" // too late
)

// Store keeps the attempts. Each method is one transaction, by the clock of the database,
// and safe for concurrent use, by several processes.
type Store interface {
	// Begin stores an attempt in the place of the follower's last one. again says that it was
	// stored before, under the same Key: nothing is changed then. A limit refuses it with one
	// of the errors above, and nothing is stored.
	Begin(ctx context.Context, a Attempt, l Limits) (again bool, err error)
	// Judge decides on a code for the follower's attempt, by right. The same key gets the same
	// verdict. left is how many wrong codes are still taken.
	Judge(ctx context.Context, account, openid, key string, right func(salt, sum []byte) bool, l Limits) (a Attempt, v Verdict, left int, err error)
	// SaveNumber keeps what the carrier says of a number.
	SaveNumber(ctx context.Context, n Number) error
}

// Bindings keeps who has bound which number.
type Bindings interface {
	// Bind binds a follower to a number, in the place of another one. Doing it again changes
	// nothing.
	Bind(ctx context.Context, account, openid, phone string) error
	// Unbind ends the binding of a follower that was made before a moment, and reports whether
	// there was one.
	Unbind(ctx context.Context, account, openid string, before time.Time) (bool, error)
}

// Carrier is what this package asks of the carrier. A refusal is a *carrier.RefusedError.
type Carrier interface {
	QueryNumber(ctx context.Context, phone string) (*carrier.QueryNumberResponse, error)
	SendCode(ctx context.Context, serial, phone, code string, minutes int64) error
	CheckPassword(ctx context.Context, phone, password, ip string) (*carrier.CheckPasswordResponse, error)
}

// Config of a Service.
type Config struct {
	Limits Limits
	// Wait bounds each call to the carrier; the follower waits for it.
	Wait time.Duration
	// Changed is told that a binding has changed; nil is not.
	Changed func(context.Context)
}

// Service answers what followers write about the binding of their number. It is safe for
// concurrent use.
type Service struct {
	cfg      Config
	store    Store
	bindings Bindings
	carrier  Carrier // nil: nothing can be bound
	replies  *reply.Keeper
	log      *slog.Logger
}

// New makes a Service. With a nil Carrier it answers that nothing can be bound now.
func New(cfg Config, store Store, bindings Bindings, c Carrier, replies *reply.Keeper, log *slog.Logger) (*Service, error) {
	l := cfg.Limits
	if min(l.Life, l.Lock, l.Gap, cfg.Wait) <= 0 || min(l.Wrong, l.Hourly) <= 0 {
		return nil, fmt.Errorf("bind: each limit must be above 0: %+v, wait %v", l, cfg.Wait)
	}
	if cfg.Changed == nil {
		cfg.Changed = func(context.Context) {}
	}
	return &Service{cfg: cfg, store: store, bindings: bindings, carrier: c, replies: replies, log: log}, nil
}

// Answers is the dialogue of the binding, at its rank.
func (s *Service) Answers() []message.Answerer {
	return []message.Answerer{{Name: "bind", Rank: message.RankSession, Answer: s.Answer}}
}

// Answer answers a message about the binding; ok is false when it is about something else.
func (s *Service) Answer(ctx context.Context, m *message.Asked) (r message.Reply, ok bool, err error) {
	for _, text := range m.Commands {
		w := parse(text)
		if w.wish == wishNone {
			continue
		}
		if w.wish == wishCode {
			return s.code(ctx, m, w)
		}
		r, err := s.replies.Make(ctx, m.Account, m.Key, func(ctx context.Context, key string) (reply.Draft, error) {
			text, err := s.fulfil(ctx, m, key, w)
			return reply.Draft{Reply: message.Text(text)}, err
		})
		return r, true, err
	}
	return message.Reply{}, false, nil
}

// code judges a code. Six digits of a follower of whom none are awaited are something else.
func (s *Service) code(ctx context.Context, m *message.Asked, w words) (message.Reply, bool, error) {
	a, verdict, left, err := s.store.Judge(ctx, m.Account, m.From, reply.StoredKey(m.Key), func(salt, sum []byte) bool {
		return matches(w.secret, salt, sum)
	}, s.cfg.Limits)
	if err != nil {
		return message.Reply{}, true, err
	}
	switch verdict {
	case VerdictNone:
		return message.Reply{}, false, nil
	case VerdictRight:
		return s.bound(ctx, m, a.Phone)
	case VerdictWrong:
		return message.Text(wrongText(left)), true, nil
	case VerdictLocked:
		return message.Text(lockedText(s.cfg.Limits.Lock)), true, nil
	case VerdictExpired:
	}
	return message.Text(textExpired), true, nil
}

// bound binds a number whose follower has shown that it is theirs.
func (s *Service) bound(ctx context.Context, m *message.Asked, phone string) (message.Reply, bool, error) {
	if err := s.bindings.Bind(ctx, m.Account, m.From, phone); err != nil {
		return message.Reply{}, true, err
	}
	s.cfg.Changed(ctx)
	return message.Text(boundText(phone)), true, nil
}

// fulfil does what a follower asks for other than by a code, and returns the answer.
func (s *Service) fulfil(ctx context.Context, m *message.Asked, key string, w words) (string, error) {
	switch {
	case w.wish == wishHelp:
		return textHelp, nil
	case w.wish == wishEnd:
		return s.end(ctx, m)
	case !isNumber(w.phone):
		return textBadNumber, nil
	case s.carrier == nil:
		return textAway, nil
	}
	a := Attempt{Account: m.Account, OpenID: m.From, Phone: w.phone, Key: key}
	code := ""
	if w.wish == wishPhone {
		code = newCode()
		a.Salt, a.Sum = digest(code)
	}
	again, err := s.store.Begin(ctx, a, s.cfg.Limits)
	switch {
	case errors.Is(err, ErrLocked):
		return lockedText(s.cfg.Limits.Lock), nil
	case errors.Is(err, ErrTooSoon):
		return tooSoonText(s.cfg.Limits.Gap), nil
	case errors.Is(err, ErrTooMany):
		return textTooMany, nil
	case err != nil:
		return "", err
	}
	if text, known := s.look(ctx, w.phone); !known {
		return text, nil
	}
	if w.wish == wishPassword {
		return s.byPassword(ctx, m, w)
	}
	if again { // a server that died had it sent, or had not: its code is known to none
		return sentText(w.phone, s.cfg.Limits.Life), nil
	}
	return s.send(ctx, w.phone, code)
}

// look asks whose a number is, and keeps it. A carrier that does not say leaves it open.
func (s *Service) look(ctx context.Context, phone string) (text string, known bool) {
	call, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	n, err := s.carrier.QueryNumber(call, phone)
	if err != nil {
		return "", true
	}
	if n.Carrier == "" {
		return textNoSuchNumber, false
	}
	if err := s.store.SaveNumber(ctx, Number{Phone: phone, Carrier: n.Carrier, Province: n.Province, City: n.City}); err != nil {
		s.log.Warn("what the carrier says of a number was not kept", "error", err)
	}
	return "", true
}

// send has the carrier send a code.
func (s *Service) send(ctx context.Context, phone, code string) (string, error) {
	call, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	err := s.carrier.SendCode(call, newSerial(), phone, code, int64(s.cfg.Limits.Life/time.Minute))
	var refused *carrier.RefusedError
	switch {
	case err == nil:
		return sentText(phone, s.cfg.Limits.Life), nil
	case errors.As(err, &refused):
		return textNotSent, nil
	}
	s.log.Warn("a code may not have been sent", "error", err)
	return textPerhapsSent, nil
}

// byPassword holds a service password against the carrier's.
func (s *Service) byPassword(ctx context.Context, m *message.Asked, w words) (string, error) {
	call, cancel := context.WithTimeout(ctx, s.cfg.Wait)
	defer cancel()
	answer, err := s.carrier.CheckPassword(call, w.phone, w.secret, "")
	refused, decided := errors.AsType[*carrier.RefusedError](err)
	switch {
	case err == nil:
		r, _, err := s.bound(ctx, m, w.phone)
		return textOf(r), err
	case !decided:
		return textAway, nil
	case refused.Code == carrier.CodeWrongPassword:
		return wrongPasswordText(answer.Left), nil
	case refused.Code == carrier.CodeLocked:
		return textPasswordLocked, nil
	case refused.Code == carrier.CodeOtherCarrier:
		return textOtherCarrier, nil
	}
	return textAway, nil
}

// end ends a binding.
func (s *Service) end(ctx context.Context, m *message.Asked) (string, error) {
	was, err := s.bindings.Unbind(ctx, m.Account, m.From, time.Unix(m.CreateTime+1, 0))
	if err != nil {
		return "", err
	}
	if !was {
		return textNotBound, nil
	}
	s.cfg.Changed(ctx)
	return textEnded, nil
}

// Private reports whether a text may hold a code or a password: what it says is kept nowhere.
func Private(text string) bool {
	w := parse(strings.TrimSpace(text))
	return w.secret != ""
}
