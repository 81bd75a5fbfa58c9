//go:build defects

package business

import (
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"sync/atomic"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/defect"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/queue"
	"oalab/server/internal/reply"
)

// The planted defects of the order path. Each breaks one promise, so that the checker of
// that promise can be seen to fail.
const (
	// DefectNoOutbox publishes jobs in memory only.
	DefectNoOutbox = "no-outbox"
	// DefectNoSerial sends each attempt under a fresh serial, so that the carrier
	// cannot recognise a repeat and its order state says nothing.
	DefectNoSerial = "no-serial"
	// DefectReplyNotCached keeps no reply of a query: each try asks the carrier anew.
	DefectReplyNotCached = "reply-not-cached"
	// DefectDedupInRedisAlone stores each reply under a key of its own: only Redis knows that
	// a message has one.
	DefectDedupInRedisAlone = "dedup-in-redis-alone"
	// DefectResendWithoutQuery sends an order again whose call got no answer, as if the carrier
	// had said that it does not know it.
	DefectResendWithoutQuery = "resend-without-query"
	// DefectBreakerNeverCloses asks the carrier for no callback any more once the breaker has
	// opened.
	DefectBreakerNeverCloses = "breaker-never-closes"
)

// Defects are the planted defects of the order path.
func (Settings) Defects() []string {
	return []string{DefectNoOutbox, DefectNoSerial, DefectReplyNotCached, DefectDedupInRedisAlone, DefectResendWithoutQuery, DefectBreakerNeverCloses}
}

// PlantStores returns the stores with those of the defects that are their own. The jobs of
// no-outbox go to direct.
func PlantStores(planted defect.Set, s Stores, direct queue.Publisher) Stores {
	if planted.Has(DefectNoOutbox) {
		s.Orders, s.Replies = jobless{s.Orders, direct}, joblessReplies{s.Replies, direct}
		s = Unswept(s)
	}
	if planted.Has(DefectReplyNotCached) {
		s.Replies = forgetful{s.Replies}
	}
	if planted.Has(DefectDedupInRedisAlone) {
		s.Orders, s.Replies = anew{s.Orders}, anewReplies{s.Replies}
	}
	return s
}

// PlantReplies returns the cache of replies, or none where a defect keeps no replies.
func PlantReplies(planted defect.Set, r reply.Cache) reply.Cache {
	if planted.Has(DefectReplyNotCached) {
		return nil
	}
	return r
}

// PlantRecent returns what keeps the carrier's answers, or none where a defect keeps no
// replies: it would hide that.
func PlantRecent(planted defect.Set, r Recent) Recent {
	if planted.Has(DefectReplyNotCached) {
		return nil
	}
	return r
}

// PlantCarrier returns the carrier with those of the defects that are its own.
func PlantCarrier(planted defect.Set, c Carrier) Carrier {
	if c == nil {
		return nil
	}
	if planted.Has(DefectNoSerial) {
		c = renaming{c}
	}
	if planted.Has(DefectResendWithoutQuery) {
		c = unasked{c}
	}
	if planted.Has(DefectBreakerNeverCloses) {
		c = &tripped{Carrier: c}
	}
	return c
}

// Unswept hides stale orders from the sweeper, which would heal the defects that lose jobs.
func Unswept(s Stores) Stores {
	s.Orders = unswept{s.Orders}
	return s
}

type unswept struct{ Store }

// StaleOrders implements Store: there are none.
func (unswept) StaleOrders(context.Context, time.Time, int) ([]Order, error) { return nil, nil }

// jobless is the defect no-outbox: a store without the rows of jobs.
type jobless struct {
	Store
	direct queue.Publisher
}

// AcceptOrder implements Store.
func (s jobless) AcceptOrder(ctx context.Context, o Order, r message.Reply, c *Condition, jobs ...job.Envelope) (message.Reply, error) {
	stored, err := s.Store.AcceptOrder(ctx, o, r, c)
	if err != nil || !reply.Same(stored, r) {
		return stored, err
	}
	return stored, publish(ctx, s.direct, jobs)
}

// FinishOrder implements Store.
func (s jobless) FinishOrder(ctx context.Context, o Order, to State, reason string, jobs ...job.Envelope) error {
	if err := s.Store.FinishOrder(ctx, o, to, reason); err != nil {
		return err
	}
	return publish(ctx, s.direct, jobs)
}

// joblessReplies is the defect no-outbox of the replies.
type joblessReplies struct {
	reply.Store
	direct queue.Publisher
}

// SaveReply implements reply.Store.
func (s joblessReplies) SaveReply(ctx context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error) {
	stored, err := s.Store.SaveReply(ctx, account, key, r)
	if err != nil || !reply.Same(stored, r) {
		return stored, err
	}
	return stored, publish(ctx, s.direct, jobs)
}

func publish(ctx context.Context, direct queue.Publisher, jobs []job.Envelope) error {
	var faults []error
	for _, env := range jobs {
		if err := direct.Publish(ctx, env); err != nil {
			faults = append(faults, fmt.Errorf("publish %s: %w", env.Key, err))
		}
	}
	return errors.Join(faults...)
}

// forgetful is the defect reply-not-cached: a store without the replies of queries. What
// is stored with a job or with an order is kept.
type forgetful struct{ reply.Store }

// Reply implements reply.Store: only queries ask for it.
func (forgetful) Reply(context.Context, string, string) (message.Reply, bool, error) {
	return message.Reply{}, false, nil
}

// SaveReply implements reply.Store.
func (s forgetful) SaveReply(ctx context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error) {
	if len(jobs) == 0 {
		return r, nil
	}
	return s.Store.SaveReply(ctx, account, key, r, jobs...)
}

// anew is the defect dedup-in-redis-alone of the orders.
type anew struct{ Store }

// AcceptOrder implements Store: the message's key is taken as often as it comes.
func (s anew) AcceptOrder(ctx context.Context, o Order, r message.Reply, c *Condition, jobs ...job.Envelope) (message.Reply, error) {
	o.Key = reply.StoredKey(o.Key + "#" + rand.Text())
	return s.Store.AcceptOrder(ctx, o, r, c, jobs...)
}

// anewReplies is the defect dedup-in-redis-alone of the replies.
type anewReplies struct{ reply.Store }

// Reply implements reply.Store: only Redis would have known.
func (anewReplies) Reply(context.Context, string, string) (message.Reply, bool, error) {
	return message.Reply{}, false, nil
}

// SaveReply implements reply.Store.
func (s anewReplies) SaveReply(ctx context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error) {
	return s.Store.SaveReply(ctx, account, reply.StoredKey(key+"#"+rand.Text()), r, jobs...)
}

// renaming is the defect no-serial.
type renaming struct{ Carrier }

// OrderProduct implements Carrier under another serial at each call.
func (c renaming) OrderProduct(ctx context.Context, _, phone, product, effective string) error {
	return c.Carrier.OrderProduct(ctx, NewSerial(time.Now()), phone, product, effective)
}

// tripped is the defect breaker-never-closes.
type tripped struct {
	Carrier
	open atomic.Pointer[carrierapi.Error] // what the breaker said first
}

// QueryNow implements Carrier until the breaker opens.
func (c *tripped) QueryNow(ctx context.Context, req carrier.Request) (carrier.Response, error) {
	if err := c.open.Load(); err != nil {
		return nil, err
	}
	answer, err := c.Carrier.QueryNow(ctx, req)
	var failed *carrierapi.Error
	if errors.As(err, &failed) && failed.Class == carrierapi.ClassBreaker {
		c.open.Store(failed)
	}
	return answer, err
}

// unasked is the defect resend-without-query.
type unasked struct{ Carrier }

// QueryOrder implements Carrier without asking.
func (unasked) QueryOrder(_ context.Context, _, serial string) (*carrier.QueryOrderResponse, error) {
	return &carrier.QueryOrderResponse{Result: carrier.ResultOf(carrier.CodeOK), Serial: serial, State: carrier.StateUnknown}, nil
}
