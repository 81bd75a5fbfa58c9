package followerstore

import (
	"context"
	"errors"
	"hash/fnv"
	"strings"

	"github.com/jmoiron/sqlx"

	"oalab/server/internal/follower"
	"oalab/server/internal/job"
	"oalab/server/internal/sqldb"
)

// slots is how many rows a scene has on a day.
const slots = 16

const selectScene = "SELECT scene FROM follower WHERE account = ? AND openid = ?"

// errHeard takes back the transaction of an event that was taken in before.
var errHeard = errors.New("the event was taken in before")

// Note implements follower.Store. Rows are locked in one order: event, follower, growth, jobs.
func (s *Store) Note(ctx context.Context, c follower.Change, jobs ...job.Envelope) error {
	var stored []job.Envelope
	err := s.db.Update(ctx, "note an event of a follower", func(ctx context.Context, tx *sqlx.Tx) (err error) {
		stored = nil // an attempt before this one was taken back
		res, err := tx.ExecContext(ctx, s.insertEvent(), c.Account, c.Key)
		if err != nil {
			return err
		}
		if n, err := res.RowsAffected(); err != nil || n == 0 {
			return errors.Join(err, errHeard)
		}
		if err := s.applyChange(ctx, tx, &c); err != nil {
			return err
		}
		if err := s.count(ctx, tx, c); err != nil {
			return err
		}
		stored, err = s.db.InsertJobs(ctx, tx, jobs)
		return err
	})
	if errors.Is(err, errHeard) {
		return nil
	}
	if err == nil {
		s.db.Announce(stored)
	}
	return err
}

// insertEvent has the database's clock as the time: rows are deleted by it.
func (s *Store) insertEvent() string {
	d := s.db.Dialect
	return d.Stamped(d.InsertNew("follow_event", "account", "account", "msg_key", "heard_at"))
}

// applyChange changes the row of the follower. It sets the scene of one who leaves to that by
// which they had come.
func (s *Store) applyChange(ctx context.Context, tx *sqlx.Tx, c *follower.Change) error {
	c.Scene = clip(c.Scene, maxScene)
	if c.Kind == follower.Scanned {
		return nil
	}
	at := milli(c.At)
	if c.Kind == follower.Gained {
		_, err := tx.ExecContext(ctx, s.insertGained(), c.Account, c.OpenID, at, at, c.Scene)
		return err
	}
	if _, err := tx.ExecContext(ctx, s.insertLost(), c.Account, c.OpenID, at, at); err != nil {
		return err
	}
	return tx.GetContext(ctx, &c.Scene, selectScene, c.Account, c.OpenID)
}

// An event changes whether a person follows where it is not older than the last one. event_at
// comes last: MySQL sets columns from the left to the right.
const (
	setGained = "times = follower.times + 1, " +
		"following = CASE WHEN NEW.event_at >= follower.event_at THEN 1 ELSE follower.following END, " +
		"since_at = CASE WHEN NEW.event_at >= follower.event_at THEN NEW.since_at ELSE follower.since_at END, " +
		"scene = CASE WHEN NEW.event_at >= follower.event_at THEN NEW.scene ELSE follower.scene END, " + setEvent
	setLost = "following = CASE WHEN NEW.event_at >= follower.event_at THEN 0 ELSE follower.following END, " +
		"left_at = CASE WHEN NEW.event_at >= follower.event_at THEN NEW.left_at ELSE follower.left_at END, " + setEvent
	setEvent = "event_at = CASE WHEN NEW.event_at >= follower.event_at THEN NEW.event_at ELSE follower.event_at END"
)

// insertGained stores a follower who came: account, openid, the event's time twice, the scene.
func (s *Store) insertGained() string {
	return s.orSet("INSERT INTO follower "+followerColumns+" VALUES (?, ?, 1, 1, ?, ?, 0, ?, '', '', '', '', 0, '', '', 0, 0)", "account, openid", setGained)
}

// insertLost stores a follower who left: account, openid, the event's time twice.
func (s *Store) insertLost() string {
	return s.orSet("INSERT INTO follower "+followerColumns+" VALUES (?, ?, 0, 0, ?, 0, ?, '', '', '', '', '', 0, '', '', 0, 0)", "account, openid", setLost)
}

// orSet makes an INSERT change the row with the same key instead; set calls the new row NEW.
func (s *Store) orSet(insert, key, set string) string {
	if s.db.Dialect.Engine == sqldb.MySQL {
		return insert + " AS fresh ON DUPLICATE KEY UPDATE " + strings.ReplaceAll(set, "NEW.", "fresh.")
	}
	return insert + " ON CONFLICT (" + key + ") DO UPDATE SET " + strings.ReplaceAll(set, "NEW.", "excluded.")
}

// count adds the change to the growth of its day.
func (s *Store) count(ctx context.Context, tx *sqlx.Tx, c follower.Change) error {
	hash := fnv.New32a()
	_, _ = hash.Write([]byte(c.OpenID)) // a hash takes everything
	slot := hash.Sum32() % slots
	add := map[follower.Kind]int{c.Kind: 1}
	_, err := tx.ExecContext(ctx, s.insertGrowth(), c.Account, c.Day, c.Scene, slot, add[follower.Gained], add[follower.Lost], add[follower.Scanned])
	return err
}

func (s *Store) insertGrowth() string {
	return s.orSet(s.db.Dialect.Insert("follow_growth", "account", "day", "scene", "slot", "gained", "lost", "scanned"), "account, day, scene, slot",
		"gained = follow_growth.gained + NEW.gained, lost = follow_growth.lost + NEW.lost, scanned = follow_growth.scanned + NEW.scanned")
}
