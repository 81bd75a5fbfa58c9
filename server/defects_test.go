//go:build defects

package server_test

import (
	"fmt"
	"strings"
	"testing"

	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
)

// With the defect, each try of an order is an order of its own.
func TestDefectNoDedup(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	cfg.Defects = []string{"no-dedup"}
	s := servertest.Start(t, cfg)
	order := mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "KT10", MsgID: "77", CreateTime: 1_700_000_000}
	first, second := serialOf(t, w.say(s, order).Seen), serialOf(t, w.say(s, order).Seen)
	if first == second {
		t.Errorf("both tries got the serial %s", first)
	}
	w.settled(first)
	w.settled(second)
}

func TestAnUnknownDefectIsNamed(t *testing.T) {
	t.Parallel()
	cfg := server.Default()
	cfg.Defects = []string{"no-brakes", "no-dedup"}
	known := []string{
		"ack-before-carrier", "backup-shrinks", "biased-allocator", "breaker-never-closes", "code-retried", "dead-token-kept", "dedup-in-redis-alone", "double-refresh", "expired-media-shown", "gate-allocates", "grab-not-unique", "no-dedup", "no-outbox", "no-serial", "nonce-not-stored", "notification-trusted-unsigned",
		"queue-without-deadline", "redis-before-commit", "refund-twice", "reply-by-chance", "reply-not-cached", "reply-not-shared", "resend-without-query", "return-twice", "scaler-blind", "scaler-flaps", "session-local-behind-round-robin",
		"silent-without-database", "stale-cache", "stale-unasked", "state-not-bound",
	}
	if err := cfg.Validate(); err == nil || !strings.Contains(err.Error(), fmt.Sprintf(`defects: "no-brakes" is none of %q`, known)) {
		t.Errorf("%v", err)
	}
	cfg.Defects = known
	if err := cfg.Validate(); err != nil {
		t.Error(err)
	}
}
