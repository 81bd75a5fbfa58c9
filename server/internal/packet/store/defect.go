//go:build defects

package packetstore

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"

	"oalab/server/internal/packet"
)

// Defects say which of the defects of package packet are planted in a store.
type Defects struct{ GrabNotUnique, ReturnTwice, GateAllocates bool }

// Plant returns the store with planted defects.
func Plant(s *Store, d Defects) packet.Store {
	if d == (Defects{}) {
		return s
	}
	return &defective{Store: s, planted: d, next: make(map[string]int)}
}

// defective is a store that breaks what it promises.
type defective struct {
	*Store
	planted Defects

	mu   sync.Mutex
	next map[string]int // of each packet the share that is given next
}

// Return implements packet.Store: what asks a second time gets the rest a second time.
func (d *defective) Return(ctx context.Context, id string) (packet.Returned, error) {
	r, err := d.Store.Return(ctx, id)
	if err != nil || !d.planted.ReturnTwice || !r.First || r.Units == 0 {
		return r, err
	}
	err = d.update(ctx, "return a packet again", func(ctx context.Context, t tx) error {
		return d.giveBack(ctx, t, r, id, "return again:"+id)
	})
	return r, err
}

// Grab implements packet.Store.
func (d *defective) Grab(ctx context.Context, account, id, openid string) (int64, error) {
	if d.planted.GateAllocates {
		return d.allocated(ctx, account, id, openid)
	}
	units, err := d.Store.Grab(ctx, account, id, openid)
	if !d.planted.GrabNotUnique || !errors.Is(err, packet.ErrGrabbed) {
		return units, err
	}
	// The unique key sees another name at each share.
	var free shareRow
	err = d.update(ctx, "grab another share", func(ctx context.Context, t tx) error {
		if err := get(ctx, t, &free, d.selectFree(), id, account, openid, openid); err != nil {
			return err
		}
		return d.give(ctx, t, account, id, free, fmt.Sprintf("%s#%d", openid, free.Position), openid)
	})
	if err != nil {
		return units, packet.ErrGrabbed
	}
	return free.Units, nil
}

// allocated gives the share that this process counts next, whether another follower has it or
// not. Another server, and the same one after a restart, count anew.
func (d *defective) allocated(ctx context.Context, account, id, openid string) (int64, error) {
	d.mu.Lock()
	position := d.next[id]
	d.next[id]++
	d.mu.Unlock()
	var row packetRow
	err := d.update(ctx, "take an allocated share", func(ctx context.Context, t tx) error {
		n, err := change(ctx, t, strings.TrimSuffix(d.takeShare(), " AND openid IS NULL"), openid, id, position)
		if err == nil && n == 0 {
			err = packet.ErrSoldOut
		}
		if err == nil {
			err = get(ctx, t, &row, d.selectLook(), openid, id, account)
		}
		if err != nil {
			return err
		}
		return d.credit(ctx, t, account, openid, row.Mine.Int64)
	})
	if err != nil && !errors.Is(err, packet.ErrSoldOut) {
		return d.whyNot(ctx, account, id, openid, err)
	}
	return row.Mine.Int64, err
}
