package load

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"time"

	vegeta "github.com/tsenart/vegeta/v12/lib"
)

// CalibrationAttack is the name of the attack that Calibrate runs: the transport
// finds it in X-Vegeta-Attack, with numbers that count from 0 without end.
const CalibrationAttack = "calibrate"

// Calibration says how to find the ceiling of this machine's generator (REP-10).
type Calibration struct {
	// Transport makes the very transport that the run will use, except that it sends
	// to the given URL. A transport that can CloseIdleConnections is asked to in the
	// end. Required.
	Transport func(url string) (http.RoundTripper, error)
	Clients   int           // 0: 64
	WarmUp    time.Duration // 0: 0.3 s
	For       time.Duration // 0: 1 s
}

// Calibrate drives a null server in this process, on 127.0.0.1, as fast as it answers, and
// returns the completed operations per second. This ceiling includes the server's share of
// the processor. An operation that fails is an error, because a failure is faster than an
// answer.
func Calibrate(ctx context.Context, c Calibration) (perS float64, err error) {
	if c.Transport == nil {
		return 0, errors.New("calibrate: a transport is needed")
	}
	if c.Clients == 0 {
		c.Clients = 64
	}
	if c.WarmUp == 0 {
		c.WarmUp = 300 * time.Millisecond
	}
	if c.For == 0 {
		c.For = time.Second
	}
	url, stop, err := nullServer(ctx)
	if err != nil {
		return 0, fmt.Errorf("calibrate: start the null server: %w", err)
	}
	// The server ends first, or the transport's connections would stay in TIME_WAIT.
	rt, err := c.Transport(url)
	if idle, ok := rt.(interface{ CloseIdleConnections() }); ok {
		defer idle.CloseIdleConnections()
	}
	defer func() { err = errors.Join(err, stop()) }()
	if err != nil {
		return 0, fmt.Errorf("calibrate: make the transport: %w", err)
	}

	var (
		base          time.Time
		counted, bad  int
		firstFailure  string
		from, through = c.WarmUp, c.WarmUp + c.For
	)
	sum, err := Closed{
		Common: Common{
			Attack: CalibrationAttack, Transport: rt, URL: url,
			Began: func(t time.Time) { base = t },
		},
		Clients: c.Clients, For: through,
		each: func(r *vegeta.Result) {
			if r.Error != "" {
				if bad++; bad == 1 {
					firstFailure = r.Error
				}
				return
			}
			if at := r.End().Sub(base); at > from && at <= through {
				counted++
			}
		},
	}.Run(ctx)
	switch {
	case err != nil:
		return 0, fmt.Errorf("calibrate: %w", err)
	case sum.Interrupted:
		return 0, fmt.Errorf("calibrate: %w", context.Cause(ctx))
	case bad > 0:
		return 0, fmt.Errorf("calibrate: %d of %d operations against the null server failed, first with: %s", bad, sum.Started, firstFailure)
	case counted == 0:
		return 0, fmt.Errorf("calibrate: no operation ended within %v", c.For)
	}
	return float64(counted) / c.For.Seconds(), nil
}

// nullServer answers every request with "success", as a back end that does nothing.
func nullServer(ctx context.Context) (url string, stop func() error, err error) {
	ln, err := (&net.ListenConfig{}).Listen(ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return "", nil, err
	}
	srv := &http.Server{
		ReadHeaderTimeout: 5 * time.Second,
		Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			_, _ = io.Copy(io.Discard, r.Body) // so that the connection can be kept
			_, _ = io.WriteString(w, "success")
		}),
		ConnState: func(c net.Conn, state http.ConnState) {
			if tcp, ok := c.(*net.TCPConn); ok && state == http.StateNew {
				_ = tcp.SetLinger(0) // the end leaves nothing behind, not even for a minute
			}
		},
	}
	served := make(chan error, 1)
	go func() { served <- srv.Serve(ln) }()
	stop = func() error {
		err := srv.Close()
		if serveErr := <-served; !errors.Is(serveErr, http.ErrServerClosed) {
			err = errors.Join(err, serveErr)
		}
		return err
	}
	return "http://" + ln.Addr().String() + "/", stop, nil
}
