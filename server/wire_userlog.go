package server

import (
	"context"
	"path/filepath"
	"time"

	"oalab/server/internal/part"
	"oalab/server/internal/userlog"
	userlogstore "oalab/server/internal/userlog/store"
)

// What the store has to be able to do for the user log.
var _ userlog.Store = (*userlogstore.Store)(nil)

// Nothing waits long for the user log: a start for no more than userLogStart, a
// question for readiness for no more than userLogPing.
const (
	userLogStart = 10 * time.Second
	userLogPing  = 500 * time.Millisecond
)

// userLog is the log of what followers send.
func (b *build) userLog() (*userlog.Log, error) { return shared(b, "log", b.openLog) }

// openLog opens the log of what followers send. Its database may be away, at the start too:
// the spool has the messages until it is there.
func (b *build) openLog() (*userlog.Log, error) {
	var err error
	zone := ask(&err, b.zone)
	db := ask(&err, b.logRows)
	if err != nil {
		return nil, err
	}
	users, err := userlog.New(userlog.Config{Dir: filepath.Join(b.cfg.DataDir, "userlog")}, userlogstore.New(db, zone), b.log, b.reg)
	if err != nil {
		return nil, err
	}
	b.stops.push("spool of the user log", func(context.Context) error { users.Close(); return nil })
	first, cancel := context.WithTimeout(b.ctx, userLogStart)
	defer cancel()
	if err := users.Maintain(first); err != nil {
		b.log.Warn("the database of the user log is not ready; messages go to the spool until it is", "error", err)
	}
	ping := func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, userLogPing)
		defer cancel()
		return db.Ping(ctx)
	}
	b.mount(part.Part{
		Loops: []part.Loop{{Name: "user log", Run: users.Run}},
		// Without its database the spool has the messages.
		Health: []part.Health{{Name: "user_log", Ask: ping, Dispensable: true}},
	})
	return users, nil
}
