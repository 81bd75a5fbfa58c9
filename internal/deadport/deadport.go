// Package deadport owns an address at which nothing listens, for tests of what is away.
package deadport

import (
	"net"
	"testing"
)

// Addr returns a host:port of 127.0.0.1 that refuses connections until the test ends. A
// connection goes out from its port. Otherwise, as with the port of a closed listener, the
// system could give it to the next server of this test or of another one. It is safe for
// concurrent use.
func Addr(t testing.TB) string {
	t.Helper()
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	client, err := new(net.Dialer).DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		_ = l.Close()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = client.Close()
		_ = l.Close()
	})
	return client.LocalAddr().String()
}
