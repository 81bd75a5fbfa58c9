package follower_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"oalab/server/internal/follower"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/wechatapi"
	"oalab/server/wechat"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// noted keeps what it is given; what it is not asked for in a test panics.
type noted struct {
	follower.Store
	changes  []follower.Change
	jobs     []job.Envelope
	profiles []follower.Profile
	run      *follower.Run
	ended    []follower.Run
	dropped  []follower.Run
	err      error
}

func (n *noted) Note(_ context.Context, c follower.Change, jobs ...job.Envelope) error {
	n.changes, n.jobs = append(n.changes, c), append(n.jobs, jobs...)
	return n.err
}

func (n *noted) SaveProfiles(_ context.Context, _ string, _ time.Time, run *follower.Run, profiles []follower.Profile) error {
	if n.err != nil {
		return n.err
	}
	n.profiles = append(n.profiles, profiles...)
	if run != nil {
		kept := *run
		n.run = &kept
	}
	return nil
}

func (n *noted) Run(context.Context, string) (follower.Run, bool, error) {
	if n.run == nil {
		return follower.Run{}, false, n.err
	}
	return *n.run, true, n.err
}

func (n *noted) EndRun(_ context.Context, _ string, run follower.Run) (int, error) {
	n.ended, n.run = append(n.ended, run), nil
	return 3, nil
}

func (n *noted) Abandon(_ context.Context, _ string, run follower.Run) error {
	n.dropped, n.run = append(n.dropped, run), nil
	return nil
}

const day = 1795968000 // midnight in Shanghai, at the beginning of 2026-11-30

func heard(body wechat.Body, event, key string, at int64) message.Heard {
	return message.Heard{Account: "demo", Key: "k", Message: &wechat.Message{
		Type: "event", Event: event, EventKey: key, From: "oFan", CreateTime: at, Body: body,
	}}
}

func TestEventsAreTakenIn(t *testing.T) {
	t.Parallel()
	zone := time.FixedZone("CST", 8*3600)
	for _, test := range []struct {
		name     string
		m        message.Heard
		profiles bool
		want     []follower.Change
		jobs     int
	}{
		{
			"with a scene", heard(&wechat.Subscribe{Scene: "店A"}, "subscribe", "qrscene_店A", day), true,
			[]follower.Change{{Account: "demo", OpenID: "oFan", Key: "k", Kind: follower.Gained, Scene: "店A", At: time.Unix(day, 0), Day: 20261130}},
			1,
		},
		{
			"a second before midnight", heard(&wechat.Subscribe{}, "subscribe", "", day-1), true,
			[]follower.Change{{Account: "demo", OpenID: "oFan", Key: "k", Kind: follower.Gained, At: time.Unix(day-1, 0), Day: 20261129}},
			1,
		},
		{
			"without the right to profiles", heard(&wechat.Subscribe{}, "subscribe", "", day), false,
			[]follower.Change{{Account: "demo", OpenID: "oFan", Key: "k", Kind: follower.Gained, At: time.Unix(day, 0), Day: 20261130}},
			0,
		},
		{
			"leaves", heard(&wechat.Unsubscribe{}, "unsubscribe", "", day), true,
			[]follower.Change{{Account: "demo", OpenID: "oFan", Key: "k", Kind: follower.Lost, At: time.Unix(day, 0), Day: 20261130}},
			0,
		},
		{
			"scans", heard(&wechat.Scan{Scene: "7"}, "SCAN", "7", day), true,
			[]follower.Change{{Account: "demo", OpenID: "oFan", Key: "k", Kind: follower.Scanned, Scene: "7", At: time.Unix(day, 0), Day: 20261130}},
			0,
		},
		{"an event of another form", heard(&wechat.Unknown{}, "subscribe", "", day), true, nil, 0},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			n := &noted{}
			list := follower.Listeners(n, follower.ListenConfig{Zone: zone, Profiles: func(string) bool { return test.profiles }})
			if err := list[0].Hear(t.Context(), test.m); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, n.changes); diff != "" {
				t.Errorf("-want +got\n%s", diff)
			}
			if len(n.jobs) != test.jobs {
				t.Errorf("%d jobs, want %d", len(n.jobs), test.jobs)
			}
			n.err = errors.New("away")
			if err := list[0].Hear(t.Context(), test.m); (err != nil) != (test.want != nil) {
				t.Errorf("the database is away: %v", err)
			}
		})
	}
}

// TestListenersHearNoTexts: a text costs followers nothing.
func TestListenersHearNoTexts(t *testing.T) {
	t.Parallel()
	for _, l := range follower.Listeners(&noted{}, follower.ListenConfig{}) {
		if len(l.Messages) > 0 {
			t.Errorf("%s hears %v", l.Name, l.Messages)
		}
		for _, e := range l.Events {
			if e == message.Every {
				t.Errorf("%s hears every event", l.Name)
			}
		}
	}
}

// list is a platform with followers in an order.
type list struct {
	openids []string
	total   int // when not the number of openids
	page    int
	left    map[string]bool // no longer known as a place to go on behind
	batches int
	failAt  int // the batch that fails, from 1
	err     error
}

func (l *list) FetchFollower(_ context.Context, _, openid string) (wechatapi.Follower, error) {
	return wechatapi.Follower{OpenID: openid, Subscribe: 1, SubscribedAt: day, Scene: 7, Way: "ADD_SCENE_QR_CODE"}, l.err
}

func (l *list) FetchFollowers(_ context.Context, _ string, openids []string) (out []wechatapi.Follower, err error) {
	if l.batches++; l.batches == l.failAt {
		return nil, errors.New("platform away")
	}
	for _, id := range openids {
		out = append(out, wechatapi.Follower{OpenID: id, Subscribe: 1})
	}
	return out, nil
}

func (l *list) ListFollowers(_ context.Context, _, after string) (wechatapi.FollowerPage, error) {
	if l.left[after] {
		return wechatapi.FollowerPage{}, &wechatapi.CodeError{Code: 40003}
	}
	p := wechatapi.FollowerPage{Total: max(l.total, len(l.openids))}
	for _, id := range l.openids {
		if id > after && len(p.OpenIDs) < l.page {
			p.OpenIDs, p.Next = append(p.OpenIDs, id), id
		}
	}
	return p, nil
}

func names(from, to int) (ids []string) {
	for i := from; i < to; i++ {
		ids = append(ids, fmt.Sprintf("o%04d", i))
	}
	return ids
}

func service(t *testing.T, store follower.Store, p follower.Platform) *follower.Service {
	t.Helper()
	s, err := follower.New(follower.DefaultSettings(), store, p)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func stored(n *noted) (ids []string) {
	for _, p := range n.profiles {
		ids = append(ids, p.OpenID)
	}
	return ids
}

// TestSyncReadsTheWholeList, batch by batch and page by page, and goes on where it was
// interrupted.
func TestSyncReadsTheWholeList(t *testing.T) {
	t.Parallel()
	n, p := &noted{}, &list{openids: names(0, 730), page: 300, failAt: 5}
	s := service(t, n, p)
	done, err := s.Sync(t.Context(), "demo", 0, nil)
	if err == nil || done.Seen != 400 || done.Ended {
		t.Fatalf("the fifth batch failed: %+v, %v", done, err)
	}
	if done, err = s.Sync(t.Context(), "demo", 1, nil); err != nil || done.Ended || !done.Resumed || done.Seen != 700 {
		t.Errorf("one page more: %+v, %v", done, err)
	}
	done, err = s.Sync(t.Context(), "demo", 0, nil)
	if err != nil || !done.Ended || done.Seen != 730 || done.Left != 3 || len(n.ended) != 1 {
		t.Errorf("the rest: %+v, %v", done, err)
	}
	if diff := cmp.Diff(names(0, 730), stored(n)); diff != "" {
		t.Errorf("stored -want +got\n%s", diff)
	}
}

// TestSyncBeginsAnewWhenItsPlaceHasLeft: the platform knows no openid to go on behind that has left.
func TestSyncBeginsAnewWhenItsPlaceHasLeft(t *testing.T) {
	t.Parallel()
	old := follower.Run{Began: time.Unix(1, 0), Next: "o0099", Seen: 100}
	n, p := &noted{run: &old}, &list{openids: names(100, 250), page: 300, left: map[string]bool{"o0099": true}}
	done, err := service(t, n, p).Sync(t.Context(), "demo", 0, nil)
	if err != nil || !done.Ended || done.Seen != 150 || done.Resumed || len(n.dropped) != 1 {
		t.Errorf("%+v, %v, dropped %v", done, err, n.dropped)
	}
}

// TestAShortListTakesNobodyForGone: what the platform did not list has not left.
func TestAShortListTakesNobodyForGone(t *testing.T) {
	t.Parallel()
	n, p := &noted{}, &list{openids: names(0, 150), page: 100, total: 200}
	done, err := service(t, n, p).Sync(t.Context(), "demo", 0, nil)
	if !errors.Is(err, follower.ErrListShort) || done.Ended || len(n.ended) > 0 || len(n.dropped) != 1 {
		t.Errorf("%+v, %v", done, err)
	}
}

func TestProfileJobs(t *testing.T) {
	t.Parallel()
	var buried *job.GiveUpError
	for _, test := range []struct {
		name  string
		err   error
		age   time.Duration
		saved int
		ends  bool // without an error
		gone  bool // a dead letter
		waits bool // the attempt does not count
	}{
		{"an answer", nil, 0, 1, true, false, false},
		{"no right to profiles", &wechatapi.CodeError{Code: 48001}, 0, 0, true, false, false},
		{"busy", &wechatapi.CodeError{Code: -1}, 0, 0, false, false, true},
		{"no answer", http.ErrServerClosed, 0, 0, false, false, true},
		{"no answer for six days", http.ErrServerClosed, 6 * 24 * time.Hour, 0, false, false, true},
		{"no answer for eight days", http.ErrServerClosed, 8 * 24 * time.Hour, 0, false, true, false},
		{"the account is refused", &wechatapi.CodeError{Code: 40164}, time.Hour, 0, false, false, true},
		{"a code that nothing is known of", &wechatapi.CodeError{Code: 77}, 0, 0, false, false, false},
		{"a foreign openid", &wechatapi.CodeError{Code: 40003}, 0, 0, false, true, false},
	} {
		t.Run(test.name, func(t *testing.T) {
			n := &noted{}
			listens := follower.Listeners(n, follower.ListenConfig{Profiles: func(string) bool { return true }})
			if err := listens[0].Hear(t.Context(), heard(&wechat.Subscribe{}, "subscribe", "", day)); err != nil {
				t.Fatal(err)
			}
			jobs := service(t, n, &list{err: test.err}).Jobs()
			env := n.jobs[0]
			env.Created = env.Created.Add(-test.age)
			err := jobs[0].Handle(t.Context(), env)
			if (err == nil) != test.ends || errors.As(err, &buried) != test.gone || job.IsPostponed(err) != test.waits || len(n.profiles) != test.saved {
				t.Errorf("%v, saved %v", err, n.profiles)
			}
			if test.saved > 0 {
				want := follower.Profile{OpenID: "oFan", Following: true, Since: time.Unix(day, 0), Scene: "7", Way: "ADD_SCENE_QR_CODE"}
				if diff := cmp.Diff(want, n.profiles[0]); diff != "" {
					t.Errorf("-want +got\n%s", diff)
				}
			}
		})
	}
}
