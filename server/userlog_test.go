package server_test

import (
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/internal/deadport"
	"oalab/mockwechat"
	"oalab/server"
	"oalab/server/internal/servertest"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/userlog"
	userlogstore "oalab/server/internal/userlog/store"
)

const loggedFollower = "oFollower0000000000000000001"

// logOf is what a server has logged of a follower, the latest first: key, type and
// answer.
func logOf(t *testing.T, cfg server.Config) []string {
	t.Helper()
	var lines []string
	for _, m := range messagesOf(t, cfg) {
		lines = append(lines, m.Key+" "+m.Type+" "+m.Answer)
	}
	return lines
}

// messagesOf reads what a server has logged of a follower, the latest first.
func messagesOf(t *testing.T, cfg server.Config) []userlog.Message {
	t.Helper()
	return messagesFrom(t, cfg, loggedFollower)
}

func messagesFrom(t *testing.T, cfg server.Config, openid string) []userlog.Message {
	t.Helper()
	db, err := sqldb.OpenLog(t.Context(), sqldb.Config{
		Driver: cfg.Database.Driver, CoreDSN: string(cfg.Database.CoreDSN), LogDSN: string(cfg.Database.LogDSN), DataDir: cfg.DataDir,
	})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	found, err := userlogstore.New(db, nil).Messages(t.Context(), userlog.Filter{
		Account: servertest.Account, OpenID: openid, To: time.Now().AddDate(1, 0, 0), From: time.Unix(0, 0), Limit: 10_000,
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
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

// metric is the sum of a counter's or gauge's series, over all labels.
func metric(t *testing.T, s *server.Server, name string) float64 {
	t.Helper()
	_, body := servertest.Get(t, s, "/metrics")
	sum, found := 0.0, false
	for line := range strings.Lines(body) {
		series, value, _ := strings.Cut(strings.TrimSpace(line), " ")
		if series, _, _ = strings.Cut(series, "{"); series != name {
			continue
		}
		n, err := strconv.ParseFloat(value, 64)
		if err != nil {
			t.Fatal(err)
		}
		sum, found = sum+n, true
	}
	if !found {
		t.Fatalf("no metric %s", name)
	}
	return sum
}

// inDatabase waits until the rows of n messages are stored. On a slow disk some of them go
// by the spool, and a message may even be there and in the database.
func (w *world) inDatabase(s *server.Server, n float64) {
	w.t.Helper()
	w.until("each message is stored or spooled", func() bool {
		return metric(w.t, s, "oalab_userlog_rows_total")+metric(w.t, s, "oalab_userlog_spooled_total") >= n
	})
	w.until("the spool is in the database", func() bool { return metric(w.t, s, "oalab_userlog_spool_bytes") == 0 })
	if lost := metric(w.t, s, "oalab_userlog_lost_total"); lost != 0 {
		w.t.Errorf("%g messages lost", lost)
	}
}

func TestUserLog(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	s := servertest.Start(t, cfg)
	now := time.Now().Unix()
	want := w.conversation(s, now)
	w.conversation(s, now) // tries of the same messages
	w.inDatabase(s, 8)
	if diff := cmp.Diff(want, logOf(t, cfg)); diff != "" {
		t.Error(diff)
	}
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"user_log":"ok"`) {
		t.Errorf("readyz: %d %s", status, body)
	}
	servertest.Stop(t, s)
	if _, err := os.Stat(filepath.Join(cfg.DataDir, "log.db")); err != nil {
		t.Errorf("the group log has no file of its own: %v", err)
	}
}

// TestEventsAreToldApart: two events that differ in what they say alone are two rows with
// all that they say; a repeat is none.
func TestEventsAreToldApart(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	s := servertest.Start(t, cfg)
	now := time.Now().Unix()
	field := func(name, value string) mockwechat.Field { return mockwechat.Field{Name: name, Value: value} }
	events := []mockwechat.Message{
		{Event: "TEMPLATESENDJOBFINISH", Fields: []mockwechat.Field{field("MsgID", "2001"), field("Status", "success")}},
		{Event: "TEMPLATESENDJOBFINISH", Fields: []mockwechat.Field{field("MsgID", "2002"), field("Status", "failed:user block")}},
		{Event: "MASSSENDJOBFINISH", Fields: []mockwechat.Field{field("MsgID", "3001"), field("Status", "send success")}},
		{Event: "MASSSENDJOBFINISH", Fields: []mockwechat.Field{field("MsgID", "3002"), field("Status", "send success")}},
		{Event: "LOCATION", Fields: []mockwechat.Field{field("Latitude", "23.1"), field("Longitude", "113.3")}},
		{Event: "LOCATION", Fields: []mockwechat.Field{field("Latitude", "23.1"), field("Longitude", "113.4")}},
		{Event: "user_get_card", Fields: []mockwechat.Field{field("UserCardCode", "1")}},
		{Event: "user_get_card", Fields: []mockwechat.Field{field("UserCardCode", "2")}},
		{Event: "kf_create_session", Fields: []mockwechat.Field{field("KfAccount", "a@x")}},
		{Event: "kf_create_session", Fields: []mockwechat.Field{field("KfAccount", "b@x")}},
		{Event: "scancode_waitmsg", EventKey: "k", Fields: []mockwechat.Field{field("ScanResult", "甲")}},
		{Event: "scancode_waitmsg", EventKey: "k", Fields: []mockwechat.Field{field("ScanResult", "乙")}},
	}
	for range 2 {
		for _, m := range events {
			m.OpenID, m.CreateTime = loggedFollower, now
			if got := w.say(s, m); !got.OK {
				t.Errorf("%+v: %+v", m, got)
			}
		}
	}
	rows := messagesOf(t, cfg)
	if len(rows) != len(events) {
		t.Errorf("%d events are %d rows", len(events), len(rows))
	}
	for _, m := range events {
		last := m.Fields[len(m.Fields)-1]
		if !slices.ContainsFunc(rows, func(r userlog.Message) bool {
			return r.Event == m.Event && strings.Contains(r.Content, `"`+last.Name+`":"`+last.Value+`"`) && r.TookMicros > 0
		}) {
			t.Errorf("no row says %s of %s, or how long it took", last.Value, m.Event)
		}
	}
}

// TestOnMySQL runs a whole server on MySQL, the group log on a database of its own
// that is away at first: no follower notices, and the rows come when it is there.
func TestOnMySQL(t *testing.T) {
	t.Parallel()
	core, logs := sqldbtest.MySQL(t, os.Getenv), sqldbtest.MySQL(t, os.Getenv)
	away := deadport.Addr(t)
	w, cfg := newWorld(t, func(cfg *server.Config) {
		cfg.Database.Driver, cfg.Database.CoreDSN = "mysql", server.Secret(core)
		cfg.Database.LogDSN = server.Secret("user:password@tcp(" + away + ")/log")
	})
	now := time.Now().Unix()
	s := servertest.Start(t, cfg)
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"user_log":"away, and dispensable`) {
		t.Errorf("readyz: %d %s", status, body)
	}
	want := w.conversation(s, now)
	w.until("four messages are in the spool", func() bool { return metric(t, s, "oalab_userlog_spooled_total") == 4 })
	servertest.Stop(t, s)

	cfg.Database.LogDSN = server.Secret(logs)
	s = servertest.Start(t, cfg)
	w.conversation(s, now)
	w.inDatabase(s, 4)
	if diff := cmp.Diff(want, logOf(t, cfg)); diff != "" {
		t.Error(diff)
	}
	order := w.say(s, mockwechat.Message{OpenID: loggedFollower, MsgID: "702", Content: "KT10", CreateTime: now + 1})
	w.settled(serialOf(t, order.Seen))
}
