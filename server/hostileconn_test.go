package server_test

import (
	"errors"
	"fmt"
	"io"
	"net"
	"net/url"
	"os"
	"runtime"
	"strings"
	"testing"
	"time"

	"oalab/server"
	"oalab/server/internal/servertest"
	"oalab/server/wechat"
)

// dripper is a client that sends a byte now and then and never ends a request.
type dripper struct {
	name, head string
	// drip is sent again and again.
	drip string
	// longest is when the server must have ended the connection.
	longest time.Duration
	// metric counts it, or "".
	metric string
}

// TestSlowSenders: senders that drip the head or the body of a request, or say that 1 GiB follows, hold their
// connections for seconds and cost no memory. Others are served meanwhile, and each is counted (SEC-4).
//
// It runs alone: the heap that it measures is that of all tests of the package.
func TestSlowSenders(t *testing.T) {
	const each = 60
	_, cfg := newWorld(t, func(*server.Config) {})
	s := servertest.Start(t, cfg)
	query := url.Values{"timestamp": {"1414387151"}, "nonce": {"n"}, "signature": {wechat.Sign(servertest.Token, "1414387151", "n")}}.Encode()
	callback := "POST /wechat/" + servertest.Account + "?" + query + " HTTP/1.1\r\nHost: x\r\nContent-Type: text/xml\r\n"
	kinds := []dripper{
		{"the head, byte by byte", "POST /wechat/demo HTTP/1.1\r\nX-Slow: ", "a", 8 * time.Second, `oalab_http_refused_total{reason="without_request"}`},
		{"nothing at all", "", "", 8 * time.Second, `oalab_http_refused_total{reason="without_request"}`},
		{"a body, byte by byte", callback + "Content-Length: 2000\r\n\r\n<xml>", "a", 8 * time.Second, `oalab_callback_refused_total{reason="body"}`},
		{"1 GiB by its own word", callback + "Content-Length: 1073741824\r\n\r\n<xml>", strings.Repeat("a", 4096), 8 * time.Second, `oalab_callback_refused_total{reason="too_large"}`},
		{"1 GiB for a page's API", "POST /api/v1/login/" + servertest.Account + "/refresh HTTP/1.1\r\nHost: x\r\nContent-Length: 1073741824\r\n\r\n{", "a", 12 * time.Second, `oalab_http_refused_total{reason="too_large"}`},
	}
	before := heap()
	ended := make(chan error, each*len(kinds))
	for _, k := range kinds {
		for range each {
			conn, err := (&net.Dialer{}).DialContext(t.Context(), "tcp", s.Addr())
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { _ = conn.Close() })
			go func() { ended <- k.send(conn) }()
		}
	}
	const text = "<xml><ToUserName>gh</ToUserName><FromUserName>oF</FromUserName><CreateTime>1</CreateTime>" +
		"<MsgType>text</MsgType><Content>hello</Content><MsgId>%d</MsgId></xml>"
	for i := range 20 {
		if status, body := servertest.Push(t, s, fmt.Sprintf(text, i)); status != 200 {
			t.Fatalf("a message meanwhile: %d %s", status, body)
		}
	}
	took, most := heap()-before, int64(each*len(kinds)*128<<10)
	t.Logf("%d slow senders take %d bytes", each*len(kinds), took)
	if took > most {
		t.Errorf("%d slow senders take %d bytes, want at most %d", each*len(kinds), took, most)
	}
	for range each * len(kinds) {
		if err := <-ended; err != nil {
			t.Error(err)
		}
	}
	_, metrics := servertest.Get(t, s, "/metrics")
	want := make(map[string]int)
	for _, k := range kinds {
		want[k.metric] += each
	}
	for metric, n := range want {
		if !strings.Contains(metrics, fmt.Sprintf("\n%s %d\n", metric, n)) {
			t.Errorf("%s is not %d", metric, n)
		}
	}
}

// send drips until the server ends the connection.
func (d dripper) send(conn net.Conn) error {
	began := time.Now()
	if _, err := io.WriteString(conn, d.head); err != nil {
		return fmt.Errorf("%s: %w", d.name, err)
	}
	if err := conn.SetReadDeadline(began.Add(d.longest)); err != nil {
		return err
	}
	over := make(chan error, 1)
	go func() {
		_, err := io.Copy(io.Discard, conn)
		over <- err
	}()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		select {
		case err := <-over:
			if errors.Is(err, os.ErrDeadlineExceeded) {
				return fmt.Errorf("%s: the connection is open after %v", d.name, d.longest)
			}
			return nil
		case <-tick.C:
			_, _ = io.WriteString(conn, d.drip) // the reader tells of its end
		}
	}
}

// heap is what is in use, in bytes.
func heap() int64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc) //nolint:gosec // far below the limit
}
