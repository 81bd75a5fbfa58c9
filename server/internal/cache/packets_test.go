package cache

import (
	"context"
	"errors"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/server/internal/packet"
)

// TestPacketsAreKnown: what the gate was told it tells, of one account, packet and follower;
// without Redis it knows nothing.
func TestPacketsAreKnown(t *testing.T) {
	t.Parallel()
	c, err := New(Config{}, nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx, p := t.Context(), NewPackets(c, time.Minute)
	look := func(account, id, openid string, want packet.Known) {
		t.Helper()
		if diff := cmp.Diff(want, p.Look(ctx, account, id, openid), cmpopts.EquateErrors()); diff != "" {
			t.Errorf("%s %s %s: -want +got\n%s", account, id, openid, diff)
		}
	}
	look("demo", "p1", "o1", packet.Known{})
	p.Grabbed(ctx, "demo", "p1", "o1", 0)
	look("demo", "p1", "o1", packet.Known{Has: true})
	look("demo", "p1", "o2", packet.Known{})
	p.Close(ctx, "demo", "p1", packet.ErrSoldOut)
	look("demo", "p1", "o1", packet.Known{Has: true, Closed: packet.ErrSoldOut})
	look("demo", "p1", "o2", packet.Known{Closed: packet.ErrSoldOut})
	look("other", "p1", "o1", packet.Known{})
	p.Close(ctx, "demo", "p2", packet.ErrEnded)
	p.Grabbed(ctx, "demo", "p2", "o3", 1<<40)
	look("demo", "p2", "o3", packet.Known{Has: true, Mine: 1 << 40, Closed: packet.ErrEnded})
	p.Close(ctx, "demo", "p3", errors.New("another reason"))
	look("demo", "p3", "o1", packet.Known{})
	gone, cancel := context.WithCancel(ctx)
	cancel()
	if k := p.Look(gone, "demo", "p1", "o1"); k.Has || k.Closed != nil {
		t.Errorf("without an answer: %+v", k)
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	look("demo", "p1", "o1", packet.Known{})
}
