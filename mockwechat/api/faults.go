package api

import (
	"net/http"

	"oalab/chaos/upstream"
	"oalab/mockwechat/platform"
)

// play runs a call under a fault and answers it.
func (r *request) play(w http.ResponseWriter, e endpoint, f platform.Fault) {
	// A caller that leaves early does not stop the platform from doing the work.
	if !platform.Wait(r.s.done, f.Latency) {
		platform.Drop(w)
		return
	}
	status := http.StatusOK
	if f.Status != 0 {
		status = f.Status
	}
	switch f.Action {
	case upstream.ActionHang, upstream.ActionReset:
		r.lose(w, e, f.Action)
		return
	case upstream.ActionAnswerLost:
		r.run(e, platform.CodeOK, 0)
		platform.Drop(w)
		return
	case upstream.ActionDouble:
		r.run(e, platform.CodeOK, status)
	case upstream.ActionNone, upstream.ActionDrip:
	}
	injected := f.Code
	if f.Status >= http.StatusBadRequest && injected == platform.CodeOK {
		injected = platform.CodeSystem // an HTTP error means that nothing was done
	}
	a := r.run(e, injected, status)
	body := []byte(nil)
	if a.code == platform.CodeOK && a.file != nil {
		body = a.file.body
		w.Header().Set("Content-Type", a.file.contentType)
		w.Header().Set("Content-Disposition", `attachment; filename="`+a.file.name+`"`)
	} else {
		body = r.s.encode(a)
		w.Header().Set("Content-Type", contentJSON)
	}
	if f.Action == upstream.ActionDrip {
		platform.Drip(r.Context(), r.s.done, w, status, body)
		return
	}
	w.WriteHeader(status)
	_, _ = w.Write(body) // a caller that has gone reads nothing
}

// lose drops a call that was never worked on: at once, or when the caller or the
// platform gives up.
func (r *request) lose(w http.ResponseWriter, e endpoint, action upstream.Action) {
	r.run(e, platform.CodeSystem, 0)
	if action == upstream.ActionHang {
		select {
		case <-r.Context().Done():
		case <-r.s.done.Done():
		}
	}
	platform.Drop(w)
}
