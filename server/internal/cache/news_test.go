package cache

import (
	"context"
	"testing"
	"time"

	"github.com/alicebob/miniredis/v2"
)

// A Redis that goes and comes again is listened to again, and its return counts as news:
// what was told meanwhile is lost.
func TestNewsAfterRedisWasAway(t *testing.T) {
	t.Parallel()
	store := miniredis.RunT(t)
	mine, others := NewNews(open(t, Config{Addr: store.Addr()}, nil)), NewNews(open(t, Config{Addr: store.Addr(), OpenFor: time.Millisecond}, nil))
	ctx, cancel := context.WithCancel(t.Context())
	heard, ended := make(chan struct{}, 1000), make(chan struct{})
	go func() { defer close(ended); mine.Listen(ctx, func() { heard <- struct{}{} }) }()
	defer func() { cancel(); <-ended }()
	hear := func(what string) {
		t.Helper()
		select {
		case <-heard:
		case <-time.After(20 * time.Second):
			t.Fatalf("%s was not heard", what)
		}
	}
	hear("that it listens")
	others.Tell(t.Context())
	hear("what was told")

	store.Close()
	others.Tell(t.Context()) // lost, and no error to any caller
	if err := store.Restart(); err != nil {
		t.Fatal(err)
	}
	hear("that it listens again")
	for deadline := time.Now().Add(10 * time.Second); ; { // the teller's breaker opens for a moment
		others.Tell(t.Context())
		select {
		case <-heard:
			return
		case <-time.After(20 * time.Millisecond):
		}
		if time.Now().After(deadline) {
			t.Fatal("nothing told after the return was heard")
		}
	}
}
