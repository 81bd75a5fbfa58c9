package business_test

import (
	"context"
	"fmt"
	"time"

	"oalab/server/carrier"
	"oalab/server/internal/business"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/wechatapi"
)

// tappedStore is the store as a process that may be killed sees it.
type tappedStore struct {
	*stores
	tap *tap
}

func (s *tappedStore) SaveReply(ctx context.Context, account, key string, r message.Reply, jobs ...job.Envelope) (message.Reply, error) {
	return through(s.tap, func() (message.Reply, error) { return s.stores.SaveReply(ctx, account, key, r, jobs...) })
}

func (s *tappedStore) AcceptOrder(ctx context.Context, o business.Order, r message.Reply, c *business.Condition, jobs ...job.Envelope) (message.Reply, error) {
	return through(s.tap, func() (message.Reply, error) { return s.stores.AcceptOrder(ctx, o, r, c, jobs...) })
}

func (s *tappedStore) AcceptDue(ctx context.Context, o business.Order, jobs ...job.Envelope) (business.Order, error) {
	return through(s.tap, func() (business.Order, error) { return s.stores.AcceptDue(ctx, o, jobs...) })
}

func (s *tappedStore) ShowPage(ctx context.Context, p business.Page) error {
	return s.tap.run(func() error { return s.stores.ShowPage(ctx, p) })
}

func (s *tappedStore) UsePage(ctx context.Context, p business.Page, key string) (bool, error) {
	return through(s.tap, func() (bool, error) { return s.stores.UsePage(ctx, p, key) })
}

func (s *tappedStore) CancelOrder(ctx context.Context, o business.Order, reason, told string) (bool, error) {
	return through(s.tap, func() (bool, error) { return s.stores.CancelOrder(ctx, o, reason, told) })
}

func (s *tappedStore) ClaimOrder(ctx context.Context, known business.Order, lease time.Duration) (business.Order, error) {
	return through(s.tap, func() (business.Order, error) { return s.stores.ClaimOrder(ctx, known, lease) })
}

func (s *tappedStore) ResendOrder(ctx context.Context, o business.Order, lease time.Duration) (business.Order, error) {
	return through(s.tap, func() (business.Order, error) { return s.stores.ResendOrder(ctx, o, lease) })
}

func (s *tappedStore) ReleaseOrder(ctx context.Context, o business.Order, to business.State, reason string) error {
	return s.tap.run(func() error { return s.stores.ReleaseOrder(ctx, o, to, reason) })
}

func (s *tappedStore) FinishOrder(ctx context.Context, o business.Order, to business.State, reason string, jobs ...job.Envelope) error {
	return s.tap.run(func() error { return s.stores.FinishOrder(ctx, o, to, reason, jobs...) })
}

func (s *tappedStore) MarkTold(ctx context.Context, serial, way string) error {
	return s.tap.run(func() error { return s.stores.MarkTold(ctx, serial, way) })
}

func (s *tappedStore) DeleteJobs(ctx context.Context, ids []int64) error {
	return s.tap.run(func() error { return s.stores.DeleteJobs(ctx, ids) })
}

func (s *tappedStore) SettleJob(ctx context.Context, env job.Envelope) error {
	return s.tap.run(func() error { return s.stores.SettleJob(ctx, env) })
}

func (s *tappedStore) BuryJob(ctx context.Context, env job.Envelope, attempts int, reason string) error {
	return s.tap.run(func() error { return s.stores.BuryJob(ctx, env, attempts, reason) })
}

func (s *tappedStore) SweepOrders(ctx context.Context, before time.Time, serials []string, jobs []job.Envelope) (int, error) {
	return through(s.tap, func() (int, error) { return s.stores.SweepOrders(ctx, before, serials, jobs) })
}

func (s *tappedStore) RestOrder(ctx context.Context, serial string, rest time.Duration) error {
	return s.tap.run(func() error { return s.stores.RestOrder(ctx, serial, rest) })
}

// RequeueOrders of a dead process must not reach the world either.
func (s *tappedStore) RequeueOrders(ctx context.Context, serials []string, jobs []job.Envelope) error {
	return s.tap.run(func() error { return s.stores.RequeueOrders(ctx, serials, jobs) })
}

// fakeCarrier is the carrier as one process reaches it.
type fakeCarrier struct {
	world *world
	tap   *tap
}

func (c *fakeCarrier) OrderProduct(_ context.Context, serial, phone, product, _ string) error {
	return c.order(serial, phone, product)
}

func (c *fakeCarrier) ChangePackage(_ context.Context, serial, phone, code, effective string) error {
	return c.order(serial, phone, code+" "+effective)
}

func (c *fakeCarrier) RedeemData(_ context.Context, serial, phone string, mb int64, campaign string) error {
	return c.order(serial, phone, fmt.Sprintf("%s %dMB", campaign, mb))
}

func (c *fakeCarrier) TopUp(_ context.Context, serial, phone string, fen int64, _ string) (*carrier.TopUpResponse, error) {
	return &carrier.TopUpResponse{}, c.order(serial, phone, fmt.Sprintf("%d fen", fen))
}

// order does an order of any kind.
func (c *fakeCarrier) order(serial, phone, product string) error {
	return c.tap.run(func() error {
		w := c.world
		w.mu.Lock()
		w.orders++
		call, on := w.orders, w.onOrder
		w.calling[serial]++
		w.together = max(w.together, w.calling[serial])
		w.mu.Unlock()
		defer func() {
			w.mu.Lock()
			w.calling[serial]--
			w.mu.Unlock()
		}()
		apply := func() {
			w.mu.Lock()
			defer w.mu.Unlock()
			if w.dedup && w.serials[serial] == string(carrier.StateApplied) {
				return
			}
			w.serials[serial] = string(carrier.StateApplied)
			w.applied[product+" "+phone]++
		}
		if on != nil {
			return on(call, serial, apply)
		}
		apply()
		return nil
	})
}

func (c *fakeCarrier) QueryOrder(_ context.Context, op, serial string) (*carrier.QueryOrderResponse, error) {
	return through(c.tap, func() (*carrier.QueryOrderResponse, error) {
		w := c.world
		w.mu.Lock()
		w.states++
		w.called = append(w.called, op)
		call, on, state := w.states, w.onState, carrier.State(w.serials[serial])
		w.mu.Unlock()
		if on != nil {
			got, err := on(call, serial)
			if err != nil {
				return nil, err
			}
			if got != "" {
				state = got
			}
		}
		if state == "" {
			state = carrier.StateUnknown
		}
		return &carrier.QueryOrderResponse{Serial: serial, State: state, Refusal: carrier.CodeUnknownProduct}, nil
	})
}

func (c *fakeCarrier) Query(ctx context.Context, req carrier.Request) (carrier.Response, error) {
	return through(c.tap, func() (carrier.Response, error) {
		w := c.world
		w.mu.Lock()
		w.usages++
		call, on := w.usages, w.onUsage
		w.mu.Unlock()
		if on != nil {
			if err := on(ctx, call); err != nil {
				return nil, err
			}
		}
		ok := carrier.ResultOf(carrier.CodeOK)
		switch r := req.(type) {
		case *carrier.QueryUsageRequest:
			return &carrier.QueryUsageResponse{
				Result: ok, Month: r.Month, Receipt: time.Duration(call).String(),
				Resources: []carrier.Resource{{Type: "voice", Unit: "minute", Total: 100, Used: int64(40 + call - 1), Left: int64(60 - call + 1)}},
			}, nil
		case *carrier.QueryBillDayRequest:
			return &carrier.QueryBillDayResponse{Result: ok, Day: r.Day, Fen: 150, Items: []carrier.BillItem{{Name: "通话费", Fen: 150}}}, nil
		}
		return nil, fmt.Errorf("the fake carrier has no %s", req.Operation())
	})
}

func (c *fakeCarrier) QueryNow(ctx context.Context, req carrier.Request) (carrier.Response, error) {
	return c.Query(ctx, req)
}

func (c *fakeCarrier) SendSMS(_ context.Context, serial, _, text string) error {
	return c.tap.run(func() error {
		w := c.world
		w.mu.Lock()
		defer w.mu.Unlock()
		if w.onSMS != nil {
			if err := w.onSMS(); err != nil {
				return err
			}
		}
		w.sms[serial] = 1 // the carrier de-duplicates
		w.texts = append(w.texts, text)
		return nil
	})
}

// fakePlatform is the platform as one process reaches it.
type fakePlatform struct {
	world *world
	tap   *tap
}

func (f *fakePlatform) TemplateSend(_ context.Context, _ string, m wechatapi.Template) error {
	return f.tap.run(func() error {
		w := f.world
		w.mu.Lock()
		defer w.mu.Unlock()
		w.tells++
		w.sent = m
		if w.onTell != nil {
			if err := w.onTell(w.tells); err != nil {
				return err
			}
		}
		w.told[m.ClientMsgID] = 1 // the platform de-duplicates
		return nil
	})
}

func (f *fakePlatform) CustomSend(_ context.Context, _, _, text string) error {
	return f.tap.run(func() error {
		w := f.world
		w.mu.Lock()
		defer w.mu.Unlock()
		w.tries++
		if w.onCustom != nil {
			if err := w.onCustom(w.tries); err != nil {
				return err
			}
		}
		w.customs = append(w.customs, text)
		return nil
	})
}
