package attack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strconv"

	"oalab/internal/jsonl"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
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
		method: http.MethodPost,
		null: func(url string) (http.RoundTripper, error) {
			return pusher(url, workload.Cycle(plan), func(wl.Delivery) error { return nil })
		},
		close: func() error { return errors.Join(tries.Close(), platform.Stop(context.WithoutCancel(ctx))) },
	}
	g.transport, err = pusher(url, workload.Source(name, plan), func(d wl.Delivery) error { return tries.Write(d) })
	if err != nil {
		return generator{}, errors.Join(err, g.close())
	}
	g.transport = told{g.transport}
	return g, nil
}

// told tells of a message that failed what the target said, not what the platform makes
// of it.
type told struct{ next http.RoundTripper }

// RoundTrip carries one operation out.
func (t told) RoundTrip(r *http.Request) (*http.Response, error) {
	resp, err := t.next.RoundTrip(r)
	if err != nil || resp.Header.Get(mockwechat.HeaderStatus) == "" {
		return resp, err
	}
	_ = resp.Body.Close() // what the follower reads
	status, err := strconv.Atoi(resp.Header.Get(mockwechat.HeaderStatus))
	if err != nil {
		return nil, err
	}
	return nil, &load.FailedError{Status: status, Reason: resp.Header.Get(mockwechat.HeaderError)}
}
