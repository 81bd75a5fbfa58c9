package serve

import (
	"context"
	"errors"
	"fmt"
	"net"
	"syscall"
)

// Addresses are where everything listens, each as host:port.
type Addresses struct {
	Server, Platform, PlatformControl, Carrier, CarrierControl string
}

// DefaultAddresses are those that the programs listen on by themselves.
func DefaultAddresses() Addresses {
	return Addresses{
		Server: "127.0.0.1:8080", Platform: "127.0.0.1:8081", PlatformControl: "127.0.0.1:8082",
		Carrier: "127.0.0.1:8083", CarrierControl: "127.0.0.1:8084",
	}
}

// An Address is one of Addresses with the flag that sets it.
type Address struct {
	Flag, Is string
	Value    *string
}

// Each lists the addresses with the flags that set them.
func (a *Addresses) Each() []Address {
	return []Address{
		{"server", "the server", &a.Server},
		{"platform", "the platform's APIs and the phone", &a.Platform},
		{"platform-control", "the platform's control port", &a.PlatformControl},
		{"carrier", "the carrier", &a.Carrier},
		{"carrier-control", "the carrier's control port", &a.CarrierControl},
	}
}

// free returns the addresses with a free port in place of each port 0. One that is taken is
// an error that names its flag. All are tried before anything is started.
func (a Addresses) free(ctx context.Context) (Addresses, error) {
	var open []net.Listener
	defer func() {
		for _, l := range open {
			_ = l.Close() // it accepted nothing
		}
	}()
	var lc net.ListenConfig
	for _, one := range a.Each() {
		l, err := lc.Listen(ctx, "tcp", *one.Value)
		switch {
		case errors.Is(err, syscall.EADDRINUSE):
			return a, fmt.Errorf("%s is taken, where %s has to listen: end what listens there, or choose another address with --%s", *one.Value, one.Is, one.Flag)
		case err != nil:
			return a, fmt.Errorf("--%s: %w", one.Flag, err)
		}
		open = append(open, l)
		*one.Value = l.Addr().String()
	}
	return a, nil
}

// reach is an address that a client on this machine can use: that of all interfaces becomes
// the loopback address.
func reach(address string) string {
	host, port, err := net.SplitHostPort(address)
	if ip := net.ParseIP(host); err == nil && ip != nil && ip.IsUnspecified() {
		return net.JoinHostPort("127.0.0.1", port)
	}
	return address
}
