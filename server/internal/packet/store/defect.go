//go:build defects

package packetstore

import (
	"context"
	"errors"
	"fmt"

	"oalab/server/internal/packet"
)

// Plant returns the store with planted defects: again for packet.DefectGrabNotUnique, twice for
// packet.DefectReturnTwice.
func Plant(s *Store, again, twice bool) packet.Store {
	if !again && !twice {
		return s
	}
	return &defective{Store: s, again: again, twice: twice}
}

// defective is a store that returns packets twice, or gives a follower several shares of one.
type defective struct {
	*Store
	twice, again bool
}

// Return implements packet.Store: what asks a second time gets the rest a second time.
func (d *defective) Return(ctx context.Context, id string) (packet.Returned, error) {
	r, err := d.Store.Return(ctx, id)
	if err != nil || !d.twice || !r.First || r.Units == 0 {
		return r, err
	}
	err = d.update(ctx, "return a packet again", func(ctx context.Context, t tx) error {
		return d.giveBack(ctx, t, r, id, "return again:"+id)
	})
	return r, err
}

// Grab implements packet.Store: the unique key sees another name at each share.
func (d *defective) Grab(ctx context.Context, account, id, openid string) (int64, error) {
	units, err := d.Store.Grab(ctx, account, id, openid)
	if !d.again || !errors.Is(err, packet.ErrGrabbed) {
		return units, err
	}
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
