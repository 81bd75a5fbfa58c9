package server

import (
	"context"
	"errors"
	"fmt"
	"time"

	followerstore "oalab/server/internal/follower/store"
	"oalab/server/internal/part"
	"oalab/server/internal/retention"
	"oalab/server/internal/sqlstore"
)

// retention removes old rows.
func (b *build) retention() (part.Part, error) {
	db, err := b.core()
	if err != nil {
		return part.Part{}, err
	}
	zone, err := b.cfg.Carrier.TimeZone.Location()
	if err != nil {
		return part.Part{}, fmt.Errorf("carrier.time_zone: %w", err)
	}
	kept := sqlstore.Retention{
		Replies: time.Duration(b.cfg.Retention.Replies), Orders: time.Duration(b.cfg.Retention.Orders),
		DeadLetters: time.Duration(b.cfg.Retention.DeadLetters), Zone: zone,
	}
	followers := followerstore.New(db.DB)
	followed := followerstore.Retention{Events: kept.Replies, Growth: time.Duration(b.cfg.Retention.Growth), Zone: zone}
	keeper, err := retention.New(retention.Config{
		Tables: []string{sqlstore.RetainReplies, sqlstore.RetainOrders, sqlstore.RetainDeadLetters, followerstore.RetainEvents, followerstore.RetainGrowth},
		Remove: func(ctx context.Context, removed func(string, int)) error {
			err := db.Retain(ctx, kept, removed)
			if errors.Is(err, sqlstore.ErrRetaining) {
				return retention.ErrElsewhere
			}
			if more := followers.Retain(ctx, followed, removed); !errors.Is(more, followerstore.ErrRetaining) {
				err = errors.Join(err, more)
			}
			return err
		},
	}, b.log, b.reg)
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Loops: []part.Loop{{Name: "retention", Run: keeper.Run}}}, nil
}
