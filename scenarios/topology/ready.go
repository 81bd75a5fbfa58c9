package topology

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	"oalab/chaos"
)

// The looks at a host from outside: each speaks the first words of the protocol,
// because a port opens before the program behind it does its work.

// answers looks for status 200 of a URL.
func answers(url string) func(context.Context) error {
	return func(ctx context.Context) error {
		_, err := fetch(ctx, url)
		return err
	}
}

// fresh opens a connection for each request: a pooled one tells of the past.
var fresh = &http.Client{Transport: &http.Transport{DisableKeepAlives: true}}

// fetch gets the header of a URL's answer; a status other than 200 is an error.
func fetch(ctx context.Context, url string) (http.Header, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return nil, err
	}
	resp, err := fresh.Do(req)
	if err != nil {
		return nil, err
	}
	if err := resp.Body.Close(); err != nil {
		return nil, err
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("GET %s: %s", url, resp.Status)
	}
	return resp.Header, nil
}

// speaksMySQL looks for the handshake of protocol 10, which the server sends first.
func speaksMySQL(addr string) func(context.Context) error {
	return func(ctx context.Context) error { return converse(ctx, addr, nil, 4, []byte{10}) }
}

// speaksRedis looks for the answer to PING.
func speaksRedis(addr string) func(context.Context) error {
	return func(ctx context.Context) error { return converse(ctx, addr, []byte("PING\r\n"), 0, []byte("+PONG")) }
}

// speaksAMQP looks for the frame of Connection.Start, type 1 on channel 0.
func speaksAMQP(addr string) func(context.Context) error {
	return func(ctx context.Context) error {
		return converse(ctx, addr, []byte("AMQP\x00\x00\x09\x01"), 0, []byte{1, 0, 0})
	}
}

// converse says something to a TCP server and holds its answer, from an offset on,
// against what is wanted.
func converse(ctx context.Context, addr string, say []byte, offset int, want []byte) (err error) {
	conn, err := new(net.Dialer).DialContext(ctx, "tcp", addr)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, conn.Close()) }()
	if deadline, ok := ctx.Deadline(); ok {
		if err := conn.SetDeadline(deadline); err != nil {
			return err
		}
	}
	if _, err := conn.Write(say); err != nil {
		return err
	}
	got := make([]byte, offset+len(want))
	if _, err := io.ReadFull(conn, got); err != nil {
		return fmt.Errorf("read the first words of %s: %w", addr, err)
	}
	if !bytes.Equal(got[offset:], want) {
		return fmt.Errorf("%s says %q, want %q", addr, got[offset:], want)
	}
	return nil
}

// poll looks until look returns nil or ctx ends; then it returns what it last saw.
func poll(ctx context.Context, what string, look func(context.Context) error) error {
	return pollEvery(ctx, 10*time.Millisecond, what, look)
}

// lookLimit bounds one look.
const lookLimit = time.Second

// pollEvery is poll at another pace, where looking itself changes what is seen.
func pollEvery(ctx context.Context, every time.Duration, what string, look func(context.Context) error) error {
	tick := time.NewTicker(every)
	defer tick.Stop()
	for {
		short, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, lookLimit))
		err := look(short)
		cancel()
		if err == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("waiting until %s: %w; last seen: %w", what, context.Cause(ctx), err)
		}
	}
}
