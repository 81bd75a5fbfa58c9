package mockwechat

import (
	"context"
	"errors"
	"net"
	"net/http"
	"time"

	"oalab/chaos/upstream"
)

// fault is what the active rules want for one call or one push.
type fault struct {
	latency time.Duration
	code    Code
	status  int
	action  upstream.Action
}

// pathPush is the path by which fault rules match pushes.
const pathPush = "push"

// acceptRule refuses rules that this mock could not play: they would look like a
// fault that does not bite.
func acceptRule(r upstream.Rule) error {
	switch {
	case r.Fault != "":
		return errors.New("fault: is a SOAP fault; this mock answers errcode or status")
	case r.Match.Path == pathPush && (r.ErrCode != 0 || r.Status != 0 || r.Action == upstream.ActionDrip):
		return errors.New("a push is not answered by the platform: errcode, status and drip do not apply")
	}
	return nil
}

// decide asks the rules; a push asks with pathPush.
func (p *Platform) decide(path, op, account string) fault {
	d := p.rules.Decide(path, op, account)
	return fault{latency: d.Latency, code: Code(d.ErrCode), status: d.Status, action: d.Action}
}

// play runs a call under a fault and answers it.
func (r *request) play(w http.ResponseWriter, e endpoint, f fault) {
	// A caller that leaves early does not stop the platform from doing the work.
	if !wait(r.p.life.ctx, f.latency) {
		drop(w)
		return
	}
	status := http.StatusOK
	if f.status != 0 {
		status = f.status
	}
	switch f.action {
	case upstream.ActionHang, upstream.ActionReset:
		r.lose(w, e, f.action)
		return
	case upstream.ActionAnswerLost:
		r.run(e, CodeOK, 0)
		drop(w)
		return
	case upstream.ActionDouble:
		r.run(e, CodeOK, status)
	case upstream.ActionNone, upstream.ActionDrip:
	}
	injected := f.code
	if f.status >= http.StatusBadRequest && injected == CodeOK {
		injected = CodeSystem // an HTTP error means that nothing was done
	}
	body := r.p.encode(r.run(e, injected, status))
	w.Header().Set("Content-Type", "application/json; encoding=utf-8")
	if f.action == upstream.ActionDrip {
		r.drip(w, status, body)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that has gone reads nothing
}

// lose drops a call that was never worked on: at once, or when the caller or the
// platform gives up.
func (r *request) lose(w http.ResponseWriter, e endpoint, action upstream.Action) {
	r.run(e, CodeSystem, 0)
	if action == upstream.ActionHang {
		select {
		case <-r.Context().Done():
		case <-r.p.life.ctx.Done():
		}
	}
	drop(w)
}

// dripEvery is the pause between two bytes of a dripped answer.
const dripEvery = 200 * time.Millisecond

func (r *request) drip(w http.ResponseWriter, status int, body []byte) {
	w.WriteHeader(status)
	flusher := http.NewResponseController(w)
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil || flusher.Flush() != nil {
			return
		}
		if !wait(r.Context(), dripEvery) || r.p.life.ctx.Err() != nil {
			return
		}
	}
}

// drop ends the connection without an answer, with a reset where it can.
func drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // makes Close send RST; without it the end is a FIN, which is as good
	}
	_ = conn.Close()
}

// wait waits for d and reports false when ctx ended first.
func wait(ctx context.Context, d time.Duration) bool {
	if d <= 0 {
		return ctx.Err() == nil
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}
