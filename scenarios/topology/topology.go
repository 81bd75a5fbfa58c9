// Package topology brings up the system that a scenario runs against, and knows
// where each component and link of it is. The embedded topology is one machine
// without containers: the server as a child process on SQLite, the mocks and the
// proxies in the harness's own process.
package topology

import (
	"context"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/chaos/upstream"
	"oalab/mockwechat"
)

// The links that have a proxy in them.
const (
	LinkCarrier chaos.Target = "oaserver-mockcarrier"
	LinkRedis   chaos.Target = "oaserver-redis"
)

// System is a running topology, as scenarios, faults and probes see it.
type System interface {
	// Server controls the server's process.
	Server() host.Controller
	// Proxies are the links that a schedule may break.
	Proxies() *network.Proxies
	// CarrierRules and PlatformRules make the mocks misbehave.
	CarrierRules() *upstream.Controller
	PlatformRules() *upstream.Controller
	// Platform is the mock WeChat platform, which pushes the messages.
	Platform() *mockwechat.Platform
	// Account is the official account under test.
	Account() mockwechat.Account
	// ServerURL is the server's base URL, without a slash at the end.
	ServerURL() string
	// Stop ends everything the topology started, within the context's bound.
	Stop(ctx context.Context) error
}
