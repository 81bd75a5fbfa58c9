package pingpong_test

import (
	"context"
	"encoding/binary"
	"io"
	"net"
	"testing"
	"time"

	"go.uber.org/goleak"

	"oalab/scenarios/history"
	"oalab/scenarios/pingpong"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// served is a server of this process.
func served(t *testing.T) string {
	t.Helper()
	ln, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	done := make(chan error, 1)
	go func() { done <- pingpong.Serve(ctx, ln) }()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return ln.Addr().String()
}

func TestMeasure(t *testing.T) {
	batches, err := pingpong.Measure(t.Context(), served(t), 2*time.Millisecond)
	if err != nil {
		t.Fatal(err)
	}
	if want := len(pingpong.Sizes()) * 2 * 5; len(batches) != want {
		t.Fatalf("%d batches, want %d", len(batches), want)
	}
	for _, b := range batches {
		if b.Messages < 1 || b.Seconds <= 0 || b.Received != int64(b.Messages)*int64(b.Size) {
			t.Errorf("%+v: want all that was sent to be received", b)
		}
		if (b.Mode == history.NetworkPingPong) != (b.P50S > 0 && b.P99S >= b.P50S) {
			t.Errorf("%+v: want latencies of a ping-pong, and of nothing else", b)
		}
	}
}

func TestMeasureEnds(t *testing.T) {
	addr := served(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if got, err := pingpong.Measure(ctx, addr, time.Second); err == nil || got != nil {
		t.Errorf("%v, %v; want an error of a context that has ended", got, err)
	}
	ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
	defer cancel()
	begun := time.Now()
	if _, err := pingpong.Measure(ctx, addr, 10*time.Second); err == nil || time.Since(begun) > 5*time.Second {
		t.Errorf("%v after %s; want to be stopped in the middle", err, time.Since(begun))
	}
}

// TestServeRefuses: a stranger's words end the connection.
func TestServeRefuses(t *testing.T) {
	addr := served(t)
	for name, head := range map[string][]byte{
		"unknown mode": binary.BigEndian.AppendUint32([]byte{'x'}, 10),
		"too large":    binary.BigEndian.AppendUint32([]byte{'p'}, pingpong.MaxSize+1),
		"empty":        binary.BigEndian.AppendUint32([]byte{'s'}, 0),
	} {
		conn, err := new(net.Dialer).DialContext(t.Context(), "tcp", addr)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := conn.Write(head); err != nil {
			t.Error(err)
		}
		if n, err := io.Copy(io.Discard, conn); n != 0 || err != nil {
			t.Errorf("%s: %d bytes, %v; want the connection closed", name, n, err)
		}
		if err := conn.Close(); err != nil {
			t.Error(err)
		}
	}
}
