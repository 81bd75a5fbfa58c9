package api

import (
	"sync"
	"time"

	"oalab/mockwechat/platform"
)

// shorts are the short keys of an account.
type shorts struct {
	mu    sync.Mutex
	byKey map[string]short
}

type short struct {
	data    string
	at      time.Time
	seconds int64
}

// The limits of short keys (sheet 5.9).
const (
	maxLongData    = 4 << 10
	maxShortExpire = 2_592_000
)

// serveShorten is /cgi-bin/shorten/gen.
func serveShorten(r *request) answer {
	var q struct {
		Data    string `json:"long_data"`
		Seconds *int64 `json:"expire_seconds"`
	}
	bad := !r.decode(&q)
	seconds := int64(maxShortExpire)
	if q.Seconds != nil {
		seconds = *q.Seconds
	}
	switch {
	case r.breaks("json", bad),
		r.breaks("short-data", q.Data == "" || len(q.Data) > maxLongData),
		r.breaks("short-expire", seconds < 1 || seconds > maxShortExpire):
		return r.refusal()
	}
	s := platform.Part[shorts](r.acc)
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.byKey == nil {
		s.byKey = map[string]short{}
	}
	key := r.p.NewToken()[3:18]
	s.byKey[key] = short{q.Data, r.now, seconds}
	return fields("short_key", key)
}

// serveUnshorten is /cgi-bin/shorten/fetch.
func serveUnshorten(r *request) answer {
	var q struct {
		Key string `json:"short_key"`
	}
	bad := !r.decode(&q)
	s := platform.Part[shorts](r.acc)
	s.mu.Lock()
	defer s.mu.Unlock()
	e, known := s.byKey[q.Key]
	left := e.seconds - int64(r.now.Sub(e.at)/time.Second)
	if r.breaks("json", bad) || r.breaks("short-key", !known || left <= 0) {
		return r.refusal()
	}
	return fields("long_data", e.data, "create_time", e.at.Unix(), "expire_seconds", left)
}
