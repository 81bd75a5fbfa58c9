package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"slices"
	"sync"
	"sync/atomic"
	"time"
)

// shape is one way to load a server.
type shape struct {
	name  string
	conns int
	rate  float64 // offered messages a second; 0: each connection sends the next one when it has its answer
}

// answerWithin is how long the platform waits for an answer. A later one does not count.
const answerWithin = 5 * time.Second

// overtime is how long a measurement goes on with what was due and is not done.
const overtime = time.Second

// sample is one measurement.
type sample struct {
	perS     float64 // good answers a second, until the end of the measurement
	p50, p99 time.Duration
	cpu      float64 // server CPU seconds for 1000 good answers
	refused  int     // answered with 429 or 503
	failed   int
	undone   int // due, and not begun or not answered at the end
	firstErr error
}

// result of one request.
type result struct {
	took    time.Duration
	good    bool
	refused bool
	closed  bool // the server ends the connection
	inTime  bool // it was done before the end of the measurement
	err     error
}

// drive loads a server for a while over kept-alive connections. In an open load the
// latency counts from when a message was due.
func drive(ctx context.Context, addr string, p *pushes, s shape, length time.Duration) (sample, error) {
	ctx, cancel := context.WithTimeout(ctx, length+overtime+answerWithin)
	defer cancel()
	conns := make([]*conn, s.conns)
	for i := range conns {
		c, err := dial(ctx, addr)
		if err != nil {
			return sample{}, err
		}
		defer c.Close()
		conns[i] = c
	}
	began := time.Now()
	end := began.Add(length)
	planned := int64(1) << 40
	if s.rate > 0 {
		planned = int64(s.rate * length.Seconds())
	}
	var next atomic.Int64
	results := make([][]result, s.conns)
	var working sync.WaitGroup
	for i, c := range conns {
		working.Go(func() {
			var request []byte
			for {
				n := next.Add(1) - 1
				due := time.Now()
				if n >= planned || due.After(end.Add(overtime)) || s.rate == 0 && due.After(end) || ctx.Err() != nil {
					return
				}
				request = p.request(request[:0])
				if s.rate > 0 {
					due = began.Add(time.Duration(float64(n) / s.rate * float64(time.Second)))
					time.Sleep(time.Until(due))
				} else {
					due = time.Now()
				}
				r := c.exchange(request)
				r.took, r.inTime = time.Since(due), time.Now().Before(end)
				results[i] = append(results[i], r)
				if (r.err != nil || r.closed) && c.again(ctx, addr) != nil {
					return // what it would have sent is undone
				}
			}
		})
	}
	working.Wait()
	return sum(slices.Concat(results...), s, planned, length, time.Since(began)), nil
}

// sum makes one sample of all results. An operation that was due and was not begun enters
// the percentiles with its age at the end.
func sum(all []result, s shape, planned int64, length, lasted time.Duration) sample {
	var out sample
	var waits []time.Duration
	good := 0
	for _, r := range all {
		switch {
		case r.err != nil:
			out.failed++
			if out.firstErr == nil {
				out.firstErr = r.err
			}
		case r.refused:
			out.refused++
		case r.good && r.took <= answerWithin:
			waits = append(waits, r.took)
			if r.inTime || s.rate > 0 {
				good++
			}
		default:
			out.failed++
		}
	}
	if s.rate > 0 {
		for n := int64(len(all)); n < planned; n++ {
			out.undone++
			waits = append(waits, lasted-time.Duration(float64(n)/s.rate*float64(time.Second)))
		}
	}
	slices.Sort(waits)
	out.p50, out.p99 = quantile(waits, 0.5), quantile(waits, 0.99)
	span := length
	if s.rate > 0 {
		span = max(length, lasted)
	}
	out.perS = float64(good) / span.Seconds()
	return out
}

func quantile(sorted []time.Duration, q float64) time.Duration {
	if len(sorted) == 0 {
		return 0
	}
	return sorted[min(int(q*float64(len(sorted))), len(sorted)-1)]
}

// conn is a kept-alive connection.
type conn struct {
	net.Conn
	in *bufio.Reader
}

func dial(ctx context.Context, addr string) (*conn, error) {
	var d net.Dialer
	c, err := d.DialContext(ctx, "tcp", addr)
	if err != nil {
		return nil, err
	}
	return &conn{c, bufio.NewReader(c)}, nil
}

func (c *conn) again(ctx context.Context, addr string) error {
	c.Close()
	fresh, err := dial(ctx, addr)
	if err != nil {
		return err
	}
	*c = *fresh
	return nil
}

// exchange sends a request and reads its answer.
func (c *conn) exchange(request []byte) result {
	if err := c.SetDeadline(time.Now().Add(answerWithin)); err != nil {
		return result{err: err}
	}
	if _, err := c.Write(request); err != nil {
		return result{err: err}
	}
	answer, err := http.ReadResponse(c.in, nil)
	if err != nil {
		return result{err: err}
	}
	body, err := io.ReadAll(answer.Body)
	if err := errors.Join(err, answer.Body.Close()); err != nil {
		return result{err: err}
	}
	switch answer.StatusCode {
	case http.StatusOK:
		if !bytes.Contains(body, []byte("<Encrypt>")) && string(body) != "success" {
			return result{err: fmt.Errorf("no reply of the platform's form: %.100q", body)}
		}
		return result{good: true, closed: answer.Close}
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		return result{refused: true, closed: answer.Close}
	}
	return result{err: fmt.Errorf("status %s", answer.Status)}
}
