package pay

import (
	"net/http"

	"oalab/chaos/upstream"
	"oalab/mockwechat/platform"
)

// play runs a call under a fault and answers it. A fault's status, or any errcode, is a
// SYSTEM_ERROR with that status, and nothing is done.
func (c *call) play(w http.ResponseWriter, f platform.Fault) {
	// A caller that leaves early does not stop the platform from doing the work.
	if !platform.Wait(c.s.done, f.Latency) {
		platform.Drop(w)
		return
	}
	injected := refusal{}
	if f.Status >= http.StatusBadRequest || f.Code != platform.CodeOK {
		injected = codeSystem
		if f.Status >= http.StatusBadRequest {
			injected.status = f.Status
		}
	}
	switch f.Action {
	case upstream.ActionHang, upstream.ActionReset:
		c.run(codeSystem, true)
		if f.Action == upstream.ActionHang {
			select {
			case <-c.Context().Done():
			case <-c.s.done.Done():
			}
		}
		platform.Drop(w)
		return
	case upstream.ActionAnswerLost:
		c.run(injected, true)
		platform.Drop(w)
		return
	case upstream.ActionDouble:
		c.run(injected, false)
	case upstream.ActionNone, upstream.ActionDrip:
	}
	a := c.run(injected, false)
	if a.file != nil {
		w.Header().Set("Content-Type", a.file.contentType)
		c.write(w, f, a, a.file.body)
		return
	}
	body := a.encode()
	headers, err := c.s.headers(body)
	if err != nil { // without a signature no client would believe it
		platform.Drop(w)
		return
	}
	for name, value := range headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Request-ID", c.s.letters(idLength))
	if body != nil {
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
	}
	c.write(w, f, a, body)
}

// write sends an answer whose headers are set.
func (c *call) write(w http.ResponseWriter, f platform.Fault, a answer, body []byte) {
	if f.Action == upstream.ActionDrip {
		platform.Drip(c.Context(), c.s.done, w, a.status(), body)
		return
	}
	w.WriteHeader(a.status())
	_, _ = w.Write(body) // a caller that has gone reads nothing
}
