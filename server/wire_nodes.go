package server

import (
	"context"

	"oalab/server/controlclient"
)

var _ refresher = (*controlclient.Values)(nil)

// asksNodes reports whether this server reads tokens and tickets from control nodes.
func (b *build) asksNodes() bool { return b.cfg.Control.App != "" && !b.roles[RoleControl] }

// nodes is the client of the control nodes.
func (b *build) nodes() (*controlclient.Client, error) { return shared(b, "nodes", b.openNodes) }

func (b *build) openNodes() (*controlclient.Client, error) {
	secured, err := b.cfg.Control.TLS()
	if err != nil {
		return nil, err
	}
	client, err := controlclient.New(controlclient.Config{
		Members: b.cfg.Control.Members(), App: b.cfg.Control.App, Secret: string(b.cfg.Control.Secret), Capacity: b.cfg.Tokens.Capacity, TLS: secured,
	})
	if err != nil {
		return nil, err
	}
	b.stops.push("client of the control nodes", func(context.Context) error { client.Close(); return nil })
	return client, nil
}

// tokensOfNodes gives the platform client the tokens of the control nodes.
func (b *build) tokensOfNodes() (refresher, error) {
	var err error
	platform := ask(&err, b.wechat)
	nodes := ask(&err, b.nodes)
	if err != nil {
		return nil, err
	}
	platform.UseTokens(nodes.Tokens())
	return nodes.Tokens(), nil
}
