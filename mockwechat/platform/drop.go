package platform

import (
	"context"
	"net"
	"net/http"
	"time"
)

// dripEvery is the pause between two bytes of a dripped answer.
const dripEvery = 200 * time.Millisecond

// Drip answers a few bytes at a time, until the caller leaves or done ends.
func Drip(ctx, done context.Context, w http.ResponseWriter, status int, body []byte) {
	w.WriteHeader(status)
	flusher := http.NewResponseController(w)
	for i := range body {
		if _, err := w.Write(body[i : i+1]); err != nil || flusher.Flush() != nil {
			return
		}
		if !Wait(ctx, dripEvery) || done.Err() != nil {
			return
		}
	}
}

// Drop ends the connection without an answer, with a reset where it can.
func Drop(w http.ResponseWriter) {
	conn, _, err := http.NewResponseController(w).Hijack()
	if err != nil {
		panic(http.ErrAbortHandler)
	}
	if tcp, ok := conn.(*net.TCPConn); ok {
		_ = tcp.SetLinger(0) // makes Close send RST; without it the end is a FIN, which is as good
	}
	_ = conn.Close()
}
