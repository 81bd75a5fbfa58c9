package web_test

import (
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"oalab/server/internal/web"
)

// TestPeer asks the kernel of a connection: how long a request has been here, and whether
// its sender is still there, though nothing reads from it.
func TestPeer(t *testing.T) {
	t.Parallel()
	requests, over := make(chan *http.Request), make(chan struct{})
	server := httptest.NewUnstartedServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		requests <- r
		<-over
	}))
	server.Config.ConnContext = web.ConnContext
	server.Start()
	defer server.Close()
	defer close(over)
	conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", server.Listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := conn.Write([]byte("POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100000\r\n\r\nbegin")); err != nil {
		t.Fatal(err)
	}
	sent, r := time.Now(), <-requests
	if _, gone := web.Peer(r); gone {
		t.Error("a sender that waits is said to be gone")
	}
	for { // the test's own time limit ends it
		if waited, _ := web.Peer(r); waited >= 40*time.Millisecond {
			if most := time.Since(sent) + 20*time.Millisecond; waited > most {
				t.Errorf("waited %v, and it was sent %v ago", waited, most)
			}
			break
		}
	}
	if err := conn.Close(); err != nil {
		t.Fatal(err)
	}
	for gone := false; !gone; {
		_, gone = web.Peer(r)
	}
	if waited, gone := web.Peer(httptest.NewRequestWithContext(t.Context(), http.MethodPost, "/", http.NoBody)); waited != 0 || gone {
		t.Errorf("without a connection: %v, %t", waited, gone)
	}
}
