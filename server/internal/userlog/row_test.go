package userlog

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/message"
)

// TestRow: a row has every word of the entry, in the units of the spool's format (LOG-1).
func TestRow(t *testing.T) {
	t.Parallel()
	got := row(message.Entry{
		Account: "demo", OpenID: "o1", Key: "k1", Type: "event", Event: "CLICK", EventKey: "KT10", Content: "content", Answer: "reply",
		Sent: time.Unix(1414387151, 0), Received: time.UnixMilli(1414387151234), Took: 1500 * time.Microsecond,
	})
	want := Message{
		Account: "demo", OpenID: "o1", Key: "k1", Type: "event", Event: "CLICK", EventKey: "KT10", Content: "content", Answer: "reply",
		SentAt: 1414387151, ReceivedAt: 1414387151234, TookMicros: 1500,
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
}
