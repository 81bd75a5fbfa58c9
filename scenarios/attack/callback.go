package attack

import (
	"context"
	"errors"
	"fmt"
	"net/http"

	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/history/jsonl"
	"oalab/scenarios/workload"
)

// generator delivers messages as the platform does and writes down each try.
func (c *Callback) generator(ctx context.Context, url string, plan []history.PlannedOp, conns http.RoundTripper, deliveries string) (generator, error) {
	platform, err := mockwechat.New(mockwechat.Config{Seed: c.Seed, Accounts: []mockwechat.Account{c.Account}})
	if err != nil {
		return generator{}, fmt.Errorf("sign messages: %w", err)
	}
	tries, err := jsonl.Create(deliveries)
	if err != nil {
		return generator{}, errors.Join(err, platform.Stop(ctx))
	}
	pusher := func(url string, source func(string, uint64) (mockwechat.Message, error), record func(wl.Delivery) error) (http.RoundTripper, error) {
		return platform.Pusher(c.Account.Name, mockwechat.PusherConfig{CallbackURL: url, Transport: conns, Source: source, Record: record})
	}
	g := generator{
		null: func(url string) (http.RoundTripper, error) {
			return pusher(url, workload.Cycle(plan), func(wl.Delivery) error { return nil })
		},
		close: func() error { return errors.Join(tries.Close(), platform.Stop(context.WithoutCancel(ctx))) },
	}
	g.transport, err = pusher(url, workload.Source(name, plan), func(d wl.Delivery) error { return tries.Write(d) })
	if err != nil {
		return generator{}, errors.Join(err, g.close())
	}
	return g, nil
}
