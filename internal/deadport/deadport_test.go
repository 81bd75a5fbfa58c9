package deadport_test

import (
	"errors"
	"net"
	"syscall"
	"testing"

	"oalab/internal/deadport"
)

func TestAddr(t *testing.T) {
	addr := deadport.Addr(t)
	if _, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr); !errors.Is(err, syscall.ECONNREFUSED) {
		t.Errorf("%v, want that the connection is refused", err)
	}
	if l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", addr); err == nil {
		_ = l.Close()
		t.Errorf("%s can be listened at: another server may be given it", addr)
	}
}
