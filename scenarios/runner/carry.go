package runner

import (
	"context"
	"fmt"
	"net/http"
	"net/url"

	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/topology"
	"oalab/scenarios/workload"
)

// The kind of an operation decides its transport, and with it the generator's ceiling: the
// platform pushes a message, a plain request asks for a page, a visit goes through the login, a
// call goes to the red packets, and a read to the control nodes.

// operation is a kind of operations.
type operation int

const (
	messages operation = iota
	gets
	visits
	calls
	reads
)

func (x *arm) kind() operation {
	switch {
	case x.load.Logins != nil:
		return visits
	case x.load.Packets != nil:
		return calls
	case x.load.TokenReads != nil:
		return reads
	case x.load.Page != "":
		return gets
	}
	return messages
}

// null makes the transport that carries the arm's operations to a server that does nothing.
func (x *arm) null(conns http.RoundTripper, url string) (http.RoundTripper, error) {
	switch x.kind() {
	case gets, calls, reads:
		return getter(conns), nil // it goes where the request says
	case visits:
		return workload.Visiting{Getter: getter(conns)}, nil // as above
	case messages:
	}
	acct := account(x.run.o.Seed)
	p, err := mockwechat.New(mockwechat.Config{Seed: x.run.o.Seed, Accounts: []mockwechat.Account{acct}})
	if err != nil {
		return nil, fmt.Errorf("make a mock WeChat platform: %w", err)
	}
	return p.Pusher(acct.Name, mockwechat.PusherConfig{
		CallbackURL: url, Transport: conns, Source: workload.Cycle(x.plan), Record: func(wl.Delivery) error { return nil },
	})
}

// carrier makes the transport that carries the arm's operations to the service. target is
// what they are addressed to; "" when the transport knows better.
func (x *arm) carrier(ctx context.Context, sys topology.System, conns http.RoundTripper) (rt http.RoundTripper, target string, err error) {
	switch x.kind() {
	case gets:
		target, err = pageURL(sys.Account().CallbackURL, x.load.Page)
		return getter(conns), target, err
	case visits:
		err = x.gather(ctx, sys, conns)
		return x.crowd, "", err
	case calls:
		err = x.invite(ctx, sys, conns)
		return x.party, "", err
	case reads:
		err = x.tokenReaders(ctx, sys)
		return x.readers, "", err
	case messages:
	}
	rt, err = pusher(sys, sys.Account().CallbackURL, conns, workload.Source(x.arm.Name, x.plan), x.out.WriteDelivery)
	return rt, "", err
}

func getter(conns http.RoundTripper) workload.Getter {
	return workload.Getter{Next: conns, Limit: workload.GetLimit}
}

// pageURL is a page of the service that has the callback.
func pageURL(callback, page string) (string, error) {
	u, err := url.Parse(callback)
	if err != nil {
		return "", fmt.Errorf("find page %s of the service: %w", page, err)
	}
	return u.ResolveReference(&url.URL{Path: page}).String(), nil
}
