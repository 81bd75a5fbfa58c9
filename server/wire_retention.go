package server

import (
	"context"
	"errors"
	"time"

	bindstore "oalab/server/internal/bind/store"
	followerstore "oalab/server/internal/follower/store"
	"oalab/server/internal/part"
	"oalab/server/internal/retention"
	"oalab/server/internal/sqldb"
)

// retainWait is how long a server waits for another one that removes old rows.
const retainWait = time.Second

// retention removes old rows.
func (b *build) retention() (part.Part, error) {
	var err error
	db := ask(&err, b.stores)
	zone := ask(&err, b.zone)
	files := ask(&err, b.media)
	if err != nil {
		return part.Part{}, err
	}
	c, followers, dialogues := b.cfg.Retention, followerstore.New(db.db), bindstore.New(db.db)
	keeper, err := retention.New(retention.Config{
		Alone: func(ctx context.Context, work func(context.Context, time.Time) error) error {
			err := db.db.AloneAt(ctx, "retain", retainWait, work)
			if errors.Is(err, sqldb.ErrHeld) {
				return retention.ErrElsewhere
			}
			return err
		},
		Tables: []retention.Table{
			{Name: "replies", Keep: time.Duration(c.Replies), Old: func(before time.Time) retention.Batch {
				return db.replies.OldReplies(before, db.orders.OpenMessages)
			}},
			{Name: "orders", Keep: time.Duration(c.Orders), Old: func(before time.Time) retention.Batch {
				return db.orders.OldOrders(before, zone)
			}},
			{Name: "dead_letters", Keep: time.Duration(c.DeadLetters), Old: func(before time.Time) retention.Batch {
				return db.outbox.OldLetters(before, db.orders.OpenJobs)
			}},
			{Name: "follow_events", Keep: time.Duration(c.Replies), Old: func(before time.Time) retention.Batch { return followers.OldEvents(before) }},
			{Name: "follow_growth", Keep: time.Duration(c.Growth), Old: func(before time.Time) retention.Batch {
				return followers.OldGrowth(before, zone)
			}},
			{Name: "bind_attempts", Keep: time.Duration(c.Dialogues), Old: func(before time.Time) retention.Batch { return dialogues.OldAttempts(before) }},
			{Name: "bind_numbers", Keep: time.Duration(c.Dialogues), Old: func(before time.Time) retention.Batch { return dialogues.OldNumbers(before) }},
			{Name: "pages", Keep: time.Duration(c.Dialogues), Old: func(before time.Time) retention.Batch { return db.orders.OldPages(before) }},
			{Name: "number_turns", Keep: time.Duration(c.Dialogues), Old: func(before time.Time) retention.Batch { return db.orders.OldTurns(before) }},
			{Name: "media", Keep: time.Duration(c.Media), Old: func(before time.Time) retention.Batch { return files.Old(before) }},
		},
	}, b.log, b.reg)
	if err != nil {
		return part.Part{}, err
	}
	return part.Part{Loops: []part.Loop{{Name: "retention", Run: keeper.Run}}}, nil
}
