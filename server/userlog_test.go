package server_test

import (
	"net"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
	"oalab/server/internal/sqlstore"
	"oalab/server/internal/sqlstore/storetest"
	"oalab/server/internal/userlog"
)

const loggedFollower = "oFollower0000000000000000001"

// logOf reads what a server has logged of a follower, the latest first: key, type
// and answer.
func logOf(t *testing.T, cfg server.Config) []string {
	t.Helper()
	db, err := sqlstore.OpenLog(t.Context(), sqlstore.Config{
		Driver: cfg.Database.Driver, CoreDSN: string(cfg.Database.CoreDSN), LogDSN: string(cfg.Database.LogDSN), DataDir: cfg.DataDir,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := db.Messages(t.Context(), userlog.Filter{
		Account: servertest.Account, OpenID: loggedFollower, To: time.Now().AddDate(1, 0, 0), From: time.Unix(0, 0), Limit: 10_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for _, m := range found {
		lines = append(lines, m.Key+" "+m.Type+" "+m.Answer)
	}
	return lines
}

// conversation says the same at every call; a second one is all retries.
func (w *world) conversation(s *server.Server, now int64) []string {
	w.t.Helper()
	want := []string{
		loggedFollower + "|" + strconv.FormatInt(now+3, 10) + "|CLICK|Q_DATA event reply",
		"703 text default", "702 text reply", "701 text reply",
	}
	for i, m := range []mockwechat.Message{
		{MsgID: "701", Content: "请问资费"}, {MsgID: "702", Content: "KT10"}, {MsgID: "703", Content: "你好"}, {Event: "CLICK", EventKey: "Q_DATA"},
	} {
		m.OpenID, m.CreateTime = loggedFollower, now+int64(i)
		if got := w.say(s, m); !got.OK || got.Tries != 1 {
			w.t.Errorf("%+v: %+v", m, got)
		}
	}
	return want
}

func TestUserLog(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	s := servertest.Start(t, cfg)
	now := time.Now().Unix()
	want := w.conversation(s, now)
	w.conversation(s, now) // tries of the same messages
	if diff := cmp.Diff(want, logOf(t, cfg)); diff != "" {
		t.Error(diff)
	}
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"user_log":"ok"`) {
		t.Errorf("readyz: %d %s", status, body)
	}
	if _, body := servertest.Get(t, s, "/metrics"); !strings.Contains(body, "\noalab_userlog_rows_total 8\n") || !strings.Contains(body, "\noalab_userlog_spool_bytes 0\n") {
		t.Error("metrics do not show 8 rows and an empty spool")
	}
	servertest.Stop(t, s)
	if _, err := os.Stat(filepath.Join(cfg.DataDir, "log.db")); err != nil {
		t.Errorf("the group log has no file of its own: %v", err)
	}
}

// TestOnMySQL runs a whole server on MySQL, the group log on a database of its own
// that is away at first: nobody notices, and the rows come when it is there.
func TestOnMySQL(t *testing.T) {
	t.Parallel()
	core, logs := storetest.MySQL(t, os.Getenv), storetest.MySQL(t, os.Getenv)
	var config net.ListenConfig
	l, err := config.Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	l.Close()
	w, cfg := newWorld(t, func(cfg *server.Config) {
		cfg.Database.Driver, cfg.Database.CoreDSN = "mysql", server.Secret(core)
		cfg.Database.LogDSN = server.Secret("user:password@tcp(" + l.Addr().String() + ")/log")
	})
	now := time.Now().Unix()
	s := servertest.Start(t, cfg)
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"user_log":"away, and dispensable`) {
		t.Errorf("readyz: %d %s", status, body)
	}
	want := w.conversation(s, now)
	if _, body := servertest.Get(t, s, "/metrics"); !strings.Contains(body, "\noalab_userlog_spooled_total 4\n") {
		t.Error("metrics do not show 4 messages in the spool")
	}
	servertest.Stop(t, s)

	cfg.Database.LogDSN = server.Secret(logs)
	s = servertest.Start(t, cfg)
	w.conversation(s, now)
	w.until("the spool is in the database", func() bool {
		_, body := servertest.Get(t, s, "/metrics")
		return strings.Contains(body, "\noalab_userlog_spool_bytes 0\n")
	})
	if diff := cmp.Diff(want, logOf(t, cfg)); diff != "" {
		t.Error(diff)
	}
	order := w.say(s, mockwechat.Message{OpenID: loggedFollower, MsgID: "702", Content: "KT10", CreateTime: now + 1})
	w.settled(serialOf(t, order.Seen))
}
