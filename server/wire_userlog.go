package server

import (
	"context"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/callback"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/userlog"
)

// What the store has to be able to do for the user log.
var _ userlog.Store = (*sqlstore.LogDB)(nil)

// The user log keeps nobody waiting: a start for no more than userLogStart, a
// question for readiness for no more than userLogPing.
const (
	userLogStart = 10 * time.Second
	userLogPing  = 500 * time.Millisecond
)

// newUserLog opens the log of what followers send. Its database may be away, at the
// start too: the spool has the messages until it is there.
func (s *Server) newUserLog(ctx context.Context, reg prometheus.Registerer) (callback.UserLog, *sqlstore.LogDB, error) {
	db, err := sqlstore.OpenLog(ctx, storeConfig(s.cfg))
	if err != nil {
		return nil, nil, err
	}
	s.stops.push("database of the user log", func(context.Context) error { return db.Close() })
	users, err := userlog.New(userlog.Config{Dir: filepath.Join(s.cfg.DataDir, "userlog")}, db, s.log, reg)
	if err != nil {
		return nil, nil, err
	}
	s.stops.push("spool of the user log", func(context.Context) error { users.Close(); return nil })
	first, cancel := context.WithTimeout(ctx, userLogStart)
	defer cancel()
	if err := users.Maintain(first); err != nil {
		s.log.Warn("the database of the user log is not ready; messages go to the spool until it is", "error", err)
	}
	s.keepLog = users.Run
	s.ready.userLog = func(ctx context.Context) error {
		ctx, cancel := context.WithTimeout(ctx, userLogPing)
		defer cancel()
		return db.Ping(ctx)
	}
	return logged{users}, db, nil
}

// logged lets the callback write to the log: the two do not know each other's types.
type logged struct{ users *userlog.Log }

// Write implements callback.UserLog.
func (l logged) Write(ctx context.Context, e callback.LogEntry) {
	l.users.Write(ctx, userlog.Message{
		Account: e.Account, OpenID: e.OpenID, Key: e.Key, Type: e.Type, Event: e.Event, EventKey: e.EventKey,
		Content: e.Content, Answer: e.Answer, SentAt: e.Sent.Unix(), ReceivedAt: e.Received.UnixMilli(),
	})
}
