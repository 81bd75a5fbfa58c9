package business

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/job"
)

// Command is a message that may ask for business.
type Command struct {
	Account string
	OpenID  string
	Key     string // de-duplication key of the message
	Text    string // exact command or menu key
	// At is when it was sent; a query asks for the month of it. Zero means now.
	At time.Time
}

// Reply is what the callback answers.
type Reply struct {
	Text string
	// Later: the answer comes as a message of its own; the callback says "success".
	Later bool
}

// maxKey is the longest message key that is stored as it is.
const maxKey = 160

// storeTimeout bounds the transactions of one shared query.
const storeTimeout = 3 * time.Second

// Answer answers a business command; ok is false when the text is none. The
// same Key of an account gets the same Reply for ever, across processes and
// restarts, and has its effects once (MSG-6). After an error nothing is certain
// but that: the same Key may be asked again.
func (s *Service) Answer(ctx context.Context, c Command) (r Reply, ok bool, err error) {
	code, ok := s.codes.Load().find(c.Account, c.Text)
	if !ok {
		return Reply{}, false, nil
	}
	if s.carrier == nil {
		return Reply{Text: textNotAvailable}, true, nil
	}
	if s.cfg.Defects.Has(job.DefectNoDedup) {
		c.Key += "#" + newSerial(s.cfg.Now())
	}
	c.Key = storedKey(c.Key)
	if c.At.IsZero() {
		c.At = s.cfg.Now()
	}
	if s.cfg.Defects.Has(job.DefectReplyNotCached) && code.Sort == SortQuery {
		r, _, err = s.ask(ctx, c, code)
		return r, true, err
	}
	r, found, asked := s.replies.Get(ctx, c.Account, c.Key)
	if found {
		return r, true, nil
	}
	if code.Sort == SortOrder {
		var had bool
		if r, had, err = s.acceptOrder(ctx, c, code); err == nil {
			s.replies.Put(ctx, c.Account, c.Key, r, had)
		}
	} else {
		r, err = s.sharedQuery(ctx, c, code, asked)
	}
	if err != nil {
		return Reply{}, true, fmt.Errorf("business %s for message %s: %w", code.Code, c.Key, err)
	}
	return r, true, nil
}

// storedKey keeps a key within what the database indexes.
func storedKey(key string) string {
	if len(key) <= maxKey {
		return key
	}
	sum := sha256.Sum256([]byte(key))
	return "sha256:" + hex.EncodeToString(sum[:])
}

// acceptOrder stores the order, its reply and its job in one transaction. The
// unique message key makes a second arrival read the first one's reply, which had
// tells.
func (s *Service) acceptOrder(ctx context.Context, c Command, code Code) (r Reply, had bool, err error) {
	phone, err := s.cfg.Phones.Phone(ctx, c.Account, c.OpenID)
	if errors.Is(err, ErrUnbound) {
		return s.save(ctx, c, Reply{Text: textUnbound})
	}
	if err != nil {
		return Reply{}, false, err
	}
	now := s.cfg.Now()
	o := Order{
		Serial: newSerial(now), Account: c.Account, OpenID: c.OpenID, Phone: phone, Code: code.Code,
		Product: code.Product, Name: code.Name, Key: c.Key, State: StateAccepted,
		Version: FirstVersion, Created: now,
	}
	env, err := orderJob(o, now)
	if err != nil {
		return Reply{}, false, err
	}
	mine := Reply{Text: acceptedText(o.Serial)}
	stored, direct := s.written(env)
	r, err = s.store.AcceptOrder(ctx, o, mine, stored...)
	if err != nil || r != mine {
		return r, err == nil, err
	}
	return r, false, s.publish(ctx, direct)
}

// save stores the reply of a message, unless it had one already.
func (s *Service) save(ctx context.Context, c Command, mine Reply, jobs ...job.Envelope) (r Reply, had bool, err error) {
	r, err = s.store.SaveReply(ctx, c.Account, c.Key, mine, jobs...)
	return r, err == nil && r != mine, err
}

// sharedQuery lets arrivals of one message in this process share one query. It
// goes on when the arrival that began it is gone: a later one gets its reply.
// fresh says that the cache was asked and knows no reply.
func (s *Service) sharedQuery(ctx context.Context, c Command, code Code, fresh bool) (Reply, error) {
	done := s.flights.DoChan(c.Account+"|"+c.Key, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*s.cfg.InlineWait+storeTimeout)
		defer cancel()
		return s.query(ctx, c, code, fresh)
	})
	select {
	case res := <-done:
		if res.Err != nil {
			return Reply{}, res.Err
		}
		return res.Val.(Reply), nil
	case <-ctx.Done():
		return Reply{}, ctx.Err()
	}
}

// query answers from the carrier when that is fast, and hands over otherwise
// (MSG-5). Whatever is answered is stored first. A message that is fresh, and that
// nobody else works on, has surely no reply in the store but where the cache has
// lost it: then the carrier is asked once more, and the first reply wins all the same.
func (s *Service) query(ctx context.Context, c Command, code Code, fresh bool) (r Reply, err error) {
	release, mine := s.replies.Claim(ctx, c.Account, c.Key)
	defer release(context.WithoutCancel(ctx))
	if !mine {
		if r, found := s.await(ctx, c.Account, c.Key); found {
			return r, nil
		}
	}
	had := false
	if !fresh || !mine {
		r, had, err = s.store.Reply(ctx, c.Account, c.Key)
	}
	if err == nil && !had {
		r, had, err = s.ask(ctx, c, code)
	}
	if err == nil {
		s.replies.Put(ctx, c.Account, c.Key, r, had) // before the claim is released
	}
	return r, err
}

// ask asks the carrier and stores what is answered, unless the message had a reply.
func (s *Service) ask(ctx context.Context, c Command, code Code) (r Reply, had bool, err error) {
	phone, err := s.cfg.Phones.Phone(ctx, c.Account, c.OpenID)
	if errors.Is(err, ErrUnbound) {
		return s.save(ctx, c, Reply{Text: textUnbound})
	}
	if err != nil {
		return Reply{}, false, err
	}
	q := queryPayload{
		Account: c.Account, OpenID: c.OpenID, Phone: phone, Name: code.Name, Month: c.At.Format("200601"),
	}
	quick, cancel := context.WithTimeout(ctx, s.cfg.InlineWait)
	usage, err := s.carrier.QueryUsageNow(quick, q.Phone, q.Month)
	cancel()
	if text, ok := queryText(q, usage, err); ok {
		if s.cfg.Defects.Has(job.DefectReplyNotCached) {
			return Reply{Text: text}, false, nil
		}
		return s.save(ctx, c, Reply{Text: text})
	}
	env, err := job.New(job.KindQuery, c.Account+"|"+c.Key, q, s.cfg.Now())
	if err != nil {
		return Reply{}, false, err
	}
	stored, direct := s.written(env)
	r, had, err = s.save(ctx, c, Reply{Later: true}, stored...)
	if err != nil || had {
		return r, had, err
	}
	return r, false, s.publish(ctx, direct)
}

// queryText is what the follower reads of the carrier's answer; false when
// there is no answer yet that asking again would not change.
func queryText(q queryPayload, u *carrier.QueryUsageResponse, err error) (string, bool) {
	var refused *carrier.RefusedError
	switch {
	case err == nil:
		return usageText(q.Name, u), true
	case errors.As(err, &refused) && refused.Final():
		return refusedText(q.Name, refused), true
	}
	return "", false
}
