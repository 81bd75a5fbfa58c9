package mockcarrier

import (
	"cmp"
	"net"
	"net/http"
	"strconv"
	"time"

	"oalab/chaos/upstream"
)

// wait takes the time that the rules ask for. A caller that leaves meanwhile
// changes nothing: the carrier goes on with what it was told. It is false when
// the carrier was reset or stopped.
func (x *exchange) wait() bool {
	if x.decision.Latency <= 0 {
		return true
	}
	timer := time.NewTimer(x.decision.Latency)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-x.epoch.ctx.Done():
		return false
	}
}

// hold keeps the caller waiting until it leaves, or the limit.
func (x *exchange) hold() {
	timer := time.NewTimer(x.carrier.cfg.HoldLimit)
	defer timer.Stop()
	select {
	case <-x.r.Context().Done():
	case <-x.epoch.ctx.Done():
	case <-timer.C:
	}
}

// sever breaks the connection with a reset (RST), so that the caller sees an
// error at once and not an end.
func sever(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler) // the server's own way to drop a connection
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // on a connection that is gone already there is nothing to reset
	}
	_ = conn.Close()
}

// send writes an answer, with the status of the rule if there is one, and in
// drips if the rule says so.
func (x *exchange) send(status int, contentType string, body []byte) {
	h := x.w.Header()
	h.Set("Content-Type", contentType)
	h.Set("Content-Length", strconv.Itoa(len(body)))
	x.w.WriteHeader(cmp.Or(x.decision.Status, status))
	if x.decision.Action == upstream.ActionDrip {
		x.drip(body)
		return
	}
	_, _ = x.w.Write(body) // a caller that has left is no error of the carrier
}

func (x *exchange) drip(body []byte) {
	flusher := http.NewResponseController(x.w)
	tick := time.NewTicker(x.carrier.cfg.DripEvery)
	defer tick.Stop()
	for i := range body {
		if _, err := x.w.Write(body[i : i+1]); err != nil {
			return
		}
		if err := flusher.Flush(); err != nil {
			return
		}
		select {
		case <-tick.C:
		case <-x.r.Context().Done():
			return
		case <-x.epoch.ctx.Done():
			panic(http.ErrAbortHandler)
		}
	}
}
