package server_test

import (
	"errors"
	"fmt"
	"net/http"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/server"
	"oalab/server/internal/servertest"
	"oalab/server/internal/sqldb/sqldbtest"
)

// onEngines runs a test on SQLite and on MySQL.
func onEngines(t *testing.T, test func(t *testing.T, change func(*server.Config))) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		t.Parallel()
		test(t, func(*server.Config) {})
	})
	t.Run("mysql", func(t *testing.T) {
		t.Parallel()
		dsn := sqldbtest.MySQL(t, os.Getenv)
		test(t, func(cfg *server.Config) {
			cfg.Database.Driver, cfg.Database.CoreDSN, cfg.Database.LogDSN = "mysql", server.Secret(dsn), server.Secret(dsn)
		})
	})
}

// followersOf opens what is known of the followers of the account.
func followersOf(t *testing.T, cfg server.Config) *server.AccountFollowers {
	t.Helper()
	f, err := server.OpenFollowers(t.Context(), cfg, servertest.Account)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := f.Close(); err != nil {
			t.Error(err)
		}
	})
	return f
}

// asked counts the calls of an API.
func (w *world) asked(path string) (n int) {
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if c.Path == path {
			n++
		}
	}
	return n
}

// TestFollowersAreKept: followers come by a scene, leave and come back; the platform repeats
// events; profiles are fetched behind the answers; a login brings the name (MSG-11, ADM-8).
func TestFollowersAreKept(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, change func(*server.Config)) { //nolint:thelper // it is the test
		w, cfg := newWorld(t, change)
		cfg.WeChat.OpenBase = cfg.WeChat.APIBase
		cfg.OAuth.ReturnPaths = []string{"/c/", "/api/v1/login/"}
		s := servertest.Start(t, cfg)
		known := followersOf(t, cfg)
		is := func() server.Follower {
			t.Helper()
			f, err := known.Follower(t.Context(), fan)
			if err != nil && !errors.Is(err, server.ErrNoFollower) {
				t.Fatal(err)
			}
			return f
		}
		at := time.Now().Unix() - 10 // younger than follower.Settle: the events rule
		event := func(name, key string, after int64) {
			t.Helper()
			for range 2 { // the platform repeats events
				got := w.say(s, mockwechat.Message{OpenID: fan, Event: name, EventKey: key, CreateTime: at + after})
				if !got.OK || name == "unsubscribe" && got.Seen != "success" {
					t.Fatalf("%s: %+v", name, got)
				}
			}
		}
		event("subscribe", "qrscene_店A", 0)
		w.until("the profile was fetched", func() bool { return !is().Asked.IsZero() })
		f := is()
		if !f.Following || f.Times != 1 || f.Scene != "店A" || f.Since.Unix() != at || f.Way == "" || f.Nickname != "" {
			t.Errorf("came: %+v", f)
		}
		event("unsubscribe", "", 1)
		if f = is(); f.Following || f.Left.Unix() != at+1 {
			t.Errorf("left: %+v", f)
		}
		event("subscribe", "", 2)
		w.until("the profile was fetched again", func() bool { return w.asked("/cgi-bin/user/info") == 2 })
		if f = is(); !f.Following || f.Times != 2 || f.Scene != "" {
			t.Errorf("came back: %+v", f)
		}
		growth, err := known.Growth(t.Context(), server.Day)
		if err != nil {
			t.Fatal(err)
		}
		total := map[string][3]int{}
		for _, g := range growth {
			sum := total[g.Scene]
			total[g.Scene] = [3]int{sum[0] + g.Gained, sum[1] + g.Lost, sum[2] + g.Scanned}
		}
		if diff := cmp.Diff(map[string][3]int{"店A": {1, 1, 0}, "": {1, 0, 0}}, total); diff != "" {
			t.Errorf("growth -want +got\n%s", diff)
		}
		if page := newFollower(t, fan).open("http://" + s.Addr() + loginToMe); page.status != http.StatusOK {
			t.Fatalf("login: %d %s", page.status, page.body)
		}
		if f = is(); f.Nickname == "" || !strings.HasSuffix(f.Picture, "/0") || !f.Following {
			t.Errorf("logged in: %+v", f)
		}
	})
}

// TestASyncOfFollowers: an account brings its followers to a new server; one who has left
// without an event that was heard is noticed, and the interrupted synchronization goes on.
func TestASyncOfFollowers(t *testing.T) {
	t.Parallel()
	onEngines(t, func(t *testing.T, change func(*server.Config)) { //nolint:thelper // it is the test
		w, cfg := newWorld(t, change)
		s := servertest.Start(t, cfg)
		var ids []string
		for i := range 130 {
			ids = append(ids, fmt.Sprintf("oOld%024d", i))
		}
		followed := func(by []string) {
			t.Helper()
			account, _ := w.platform.Account(servertest.Account)
			account.Followers = mockwechat.Followers{List: by}
			if err := w.platform.SetAccounts([]mockwechat.Account{account}); err != nil {
				t.Fatal(err)
			}
		}
		followed(ids)
		known := followersOf(t, cfg)
		done, err := known.Sync(t.Context(), 0, nil)
		if err != nil || !done.Ended || done.Seen != 130 || done.Total != 130 || done.Left != 0 {
			t.Fatalf("%+v, %v", done, err)
		}
		f, err := known.Follower(t.Context(), ids[129])
		if err != nil || !f.Following || f.Since.IsZero() || f.Times != 0 {
			t.Errorf("%+v, %v", f, err)
		}
		if n := w.asked("/cgi-bin/user/info/batchget"); n != 2 {
			t.Errorf("%d calls for profiles, want 2", n)
		}
		// One leaves, and the event is lost.
		followed(ids[1:])
		if got := w.say(s, mockwechat.Message{OpenID: ids[1], Event: "subscribe"}); !got.OK {
			t.Fatalf("%+v", got)
		}
		if done, err = known.Sync(t.Context(), 0, nil); err != nil || !done.Ended || done.Seen != 129 || done.Left != 1 {
			t.Errorf("%+v, %v", done, err)
		}
		if f, err = known.Follower(t.Context(), ids[0]); err != nil || f.Following {
			t.Errorf("%+v, %v", f, err)
		}
	})
}

func TestFollowersOfNoAccount(t *testing.T) {
	t.Parallel()
	cfg := servertest.Config(t)
	if _, err := server.OpenFollowers(t.Context(), cfg, "other"); err == nil || !strings.Contains(err.Error(), `"other" is not configured`) {
		t.Error(err)
	}
	if _, err := followersOf(t, cfg).Sync(t.Context(), 0, nil); err == nil || !strings.Contains(err.Error(), "wechat.api_base is empty") {
		t.Error(err)
	}
}
