package followerstore

import (
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"oalab/server/internal/follower"
	"oalab/server/internal/job"
	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
)

func open(tb testing.TB, db *sqldb.DB) *Store {
	tb.Helper()
	if err := db.Migrate(tb.Context(), Migrations()); err != nil {
		tb.Fatal(err)
	}
	return New(db)
}

// sampleOpenID is the n-th openid in the form that the platform gives them.
func sampleOpenID(n int) string {
	sum := sha256.Sum256(fmt.Appendf(nil, "follower %d", n))
	return "o" + base64.RawURLEncoding.EncodeToString(sum[:])[:27]
}

var conformance = sqldbtest.Suite[*Store]{
	Open: open,
	Tests: map[string]func(*testing.T, *Store){
		"a follower comes, leaves and comes back":   of((*suite).comesAndGoes),
		"an event has its effects once":             of((*suite).once),
		"a late event is counted alone":             of((*suite).late),
		"openids are told apart by every character": of((*suite).apart),
		"a scan is counted alone":                   of((*suite).scans),
		"a name is kept to the byte":                of((*suite).named),
		"the platform's word is taken":              of((*suite).profiles),
		"an event rules over an older answer":       of((*suite).crossing),
		"a synchronization keeps its place":         of((*suite).runs),
		"those who were not listed have left":       of((*suite).unlisted),
		"old rows go":                               of((*suite).retention),
	},
}

func TestSQLite(t *testing.T) { conformance.SQLite(t) }

func TestMySQL(t *testing.T) { conformance.MySQL(t, os.Getenv) }

// of gives each test an account of its own.
func of(test func(*suite)) func(*testing.T, *Store) {
	return func(t *testing.T, s *Store) { t.Helper(); test(&suite{t, s, sqldbtest.Unique("a")}) }
}

type suite struct {
	*testing.T
	*Store
	account string
}

// began is an hour ago: what is settled before it is old.
func began() time.Time { return time.Now().Add(-time.Hour).Truncate(time.Second) }

func (s *suite) note(kind follower.Kind, openid, scene string, at time.Time, jobs ...job.Envelope) {
	s.Helper()
	key := fmt.Sprintf("%s|%d|%s", openid, at.Unix(), kind)
	c := follower.Change{Account: s.account, OpenID: openid, Key: key, Kind: kind, Scene: scene, At: at, Day: 20261130}
	if err := s.Note(s.Context(), c, jobs...); err != nil {
		s.Fatal(err)
	}
}

func (s *suite) is(openid string, want follower.Follower) {
	s.Helper()
	want.Account, want.OpenID = s.account, openid
	got, err := s.Follower(s.Context(), s.account, openid)
	if err != nil {
		s.Fatal(err)
	}
	got.Asked = time.Time{}
	if diff := cmp.Diff(want, got); diff != "" {
		s.Errorf("-want +got\n%s", diff)
	}
}

func (s *suite) grew(want ...follower.Growth) {
	s.Helper()
	got, err := s.Growth(s.Context(), s.account, 20261130, 20261130)
	if err != nil {
		s.Fatal(err)
	}
	for i := range want {
		want[i].Day = 20261130
	}
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		s.Errorf("growth -want +got\n%s", diff)
	}
}

func (s *suite) comesAndGoes() {
	if _, err := s.Follower(s.Context(), s.account, "o1"); !errors.Is(err, follower.ErrUnknown) {
		s.Errorf("a follower who never came: %v", err)
	}
	at := began()
	s.note(follower.Gained, "o1", "店A", at)
	s.is("o1", follower.Follower{Following: true, Times: 1, Since: at, Scene: "店A"})
	s.note(follower.Lost, "o1", "", at.Add(time.Second))
	s.is("o1", follower.Follower{Times: 1, Since: at, Left: at.Add(time.Second), Scene: "店A"})
	s.note(follower.Gained, "o1", "", at.Add(2*time.Second))
	s.is("o1", follower.Follower{Following: true, Times: 2, Since: at.Add(2 * time.Second), Left: at.Add(time.Second)})
	// One that was never heard of leaves.
	s.note(follower.Lost, "o2", "", at)
	s.is("o2", follower.Follower{Left: at})
	s.grew(follower.Growth{Scene: "", Gained: 1, Lost: 1}, follower.Growth{Scene: "店A", Gained: 1, Lost: 1})
}

// once hears one event from many servers at once, with its job.
func (s *suite) once() {
	at := began()
	env := job.Envelope{Key: "profile:" + s.account, Kind: "profile", Queue: "profiles", Payload: []byte("{}"), Created: at}
	var mu sync.Mutex
	announced := 0
	s.db.OnOutbox(func(stored []job.Envelope) {
		mu.Lock()
		defer mu.Unlock()
		announced += len(stored)
	})
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() { s.note(follower.Gained, "o1", "x", at, env) })
	}
	wg.Wait()
	s.is("o1", follower.Follower{Following: true, Times: 1, Since: at, Scene: "x"})
	s.grew(follower.Growth{Scene: "x", Gained: 1})
	mu.Lock()
	defer mu.Unlock()
	if announced != 1 {
		s.Errorf("%d jobs were announced, want 1", announced)
	}
}

func (s *suite) late() {
	at := began()
	s.note(follower.Lost, "o1", "", at.Add(time.Minute))
	s.note(follower.Gained, "o1", "x", at)
	got, err := s.Follower(s.Context(), s.account, "o1")
	if err != nil || got.Following {
		s.Errorf("%+v, %v: an event from before the follower left", got, err)
	}
	s.grew(follower.Growth{Lost: 1}, follower.Growth{Scene: "x", Gained: 1})
}

// apart: letters of an openid are capital or not, and it has - and _.
func (s *suite) apart() {
	at := began()
	ids := []string{"oAb-_x", "oab-_x", "oAb_-x", "oAb-x", "oAb_x", "oAb-_", "oAb-_X"}
	for i, id := range ids {
		s.note(follower.Gained, id, "", at.Add(time.Duration(i)*time.Second))
	}
	for i, id := range ids {
		s.is(id, follower.Follower{Following: true, Times: 1, Since: at.Add(time.Duration(i) * time.Second)})
	}
}

func (s *suite) scans() {
	s.note(follower.Scanned, "o1", "x", began())
	s.note(follower.Scanned, "o2", "x", began())
	if _, err := s.Follower(s.Context(), s.account, "o1"); !errors.Is(err, follower.ErrUnknown) {
		s.Errorf("a scan made a follower: %v", err)
	}
	s.grew(follower.Growth{Scene: "x", Scanned: 2})
}

const emoji = "流量😀👨‍👩‍👧'\"\\"

func (s *suite) name(nickname string, at time.Time) {
	s.Helper()
	err := s.SaveName(s.Context(), follower.Name{Account: s.account, OpenID: "o1", UnionID: "u", Nickname: nickname, Picture: "http://p/0", At: at})
	if err != nil {
		s.Fatal(err)
	}
}

func (s *suite) named() {
	at := began()
	s.name(emoji, at)
	s.is("o1", follower.Follower{UnionID: "u", Nickname: emoji, Picture: "http://p/0"})
	s.note(follower.Gained, "o1", "", at)
	s.name("older", at.Add(-time.Hour))
	// The platform of today tells no names; it does not take one away.
	s.save(at, nil, follower.Profile{OpenID: "o1", Following: true, Since: at, Way: "ADD_SCENE_SEARCH", Language: "zh_CN"})
	s.is("o1", follower.Follower{
		Following: true, Times: 1, Since: at, UnionID: "u", Nickname: emoji, Picture: "http://p/0", Way: "ADD_SCENE_SEARCH", Language: "zh_CN",
	})
	s.name("newer", at.Add(time.Hour))
	if got, err := s.Follower(s.Context(), s.account, "o1"); err != nil || got.Nickname != "newer" {
		s.Errorf("%+v, %v", got, err)
	}
}

func (s *suite) save(asked time.Time, run *follower.Run, profiles ...follower.Profile) {
	s.Helper()
	if err := s.SaveProfiles(s.Context(), s.account, asked, run, profiles); err != nil {
		s.Fatal(err)
	}
}

func (s *suite) profiles() {
	at := began()
	long := ""
	for range 300 {
		long += "😀"
	}
	s.save(at, nil,
		follower.Profile{OpenID: "o2", UnionID: "u2", Following: true, Since: at.Add(-time.Hour), Scene: "7", Way: "w", Nickname: long, Remark: "VIP"},
		follower.Profile{OpenID: "o1"})
	s.is("o1", follower.Follower{})
	want := follower.Follower{
		UnionID: "u2", Following: true, Since: at.Add(-time.Hour), Scene: "7", Way: "w", Nickname: string([]rune(long)[:255]), Remark: "VIP",
	}
	s.is("o2", want)
	s.save(at, nil, follower.Profile{OpenID: "o2"}) // has left, without an event
	want.Following, want.Left = false, at
	s.is("o2", want)
	got, err := s.Follower(s.Context(), s.account, "o1")
	if err != nil || !got.Asked.Equal(at) {
		s.Errorf("asked %v, %v", got.Asked, err)
	}
}

func (s *suite) crossing() {
	at := began()
	s.note(follower.Gained, "o1", "", at)
	s.save(at.Add(time.Second), nil, follower.Profile{OpenID: "o1"})
	s.is("o1", follower.Follower{Following: true, Times: 1, Since: at})
	s.note(follower.Lost, "o1", "", at.Add(2*time.Second))
	s.save(at.Add(3*time.Second), nil, follower.Profile{OpenID: "o1", Following: true, Since: at})
	s.is("o1", follower.Follower{Times: 1, Since: at, Left: at.Add(2 * time.Second)})
	s.save(at.Add(time.Hour), nil, follower.Profile{OpenID: "o1", Following: true, Since: at.Add(time.Minute)})
	s.is("o1", follower.Follower{Following: true, Times: 1, Since: at.Add(time.Minute), Left: at.Add(2 * time.Second)})
}

func (s *suite) runs() {
	run := follower.Run{Began: began(), Next: "o1", Seen: 1}
	if _, there, err := s.Store.Run(s.Context(), s.account); there || err != nil {
		s.Errorf("a synchronization that never began: %v", err)
	}
	s.save(run.Began, &run, follower.Profile{OpenID: "o1", Following: true})
	run.Next, run.Seen = "o2", 2
	s.save(run.Began, &run, follower.Profile{OpenID: "o2", Following: true})
	got, there, err := s.Store.Run(s.Context(), s.account)
	if diff := cmp.Diff(run, got); diff != "" || !there || err != nil {
		s.Errorf("%t, %v, -want +got\n%s", there, err, diff)
	}
	if err := s.Abandon(s.Context(), s.account, follower.Run{Began: run.Began.Add(time.Second)}); err != nil {
		s.Fatal(err)
	}
	if _, there, _ := s.Store.Run(s.Context(), s.account); !there {
		s.Error("another synchronization was ended")
	}
	if err := s.Abandon(s.Context(), s.account, run); err != nil {
		s.Fatal(err)
	}
	if _, there, _ := s.Store.Run(s.Context(), s.account); there {
		s.Error("the synchronization is still there")
	}
}

func (s *suite) unlisted() {
	at := began()
	old := at.Add(-time.Hour)
	var before []follower.Profile
	for i := range endBatch + 3 { // more than a batch
		before = append(before, follower.Profile{OpenID: fmt.Sprintf("o%04d", i), Following: true, Since: old})
	}
	s.save(old, &follower.Run{Began: old}, before...)
	if err := s.Abandon(s.Context(), s.account, follower.Run{Began: old}); err != nil {
		s.Fatal(err)
	}
	run := follower.Run{Began: at, Next: "o9999", Seen: 1}
	s.save(at, &run, before[1])
	s.note(follower.Gained, "o0002", "", at.Add(time.Second)) // came back while the list was read
	left, err := s.EndRun(s.Context(), s.account, run)
	if err != nil || left != len(before)-2 {
		s.Errorf("%d have left, want %d, %v", left, len(before)-2, err)
	}
	for id, want := range map[string]bool{"o0000": false, "o0001": true, "o0002": true, "o0502": false} {
		if got, err := s.Follower(s.Context(), s.account, id); err != nil || got.Following != want {
			s.Errorf("%s: %+v, %v", id, got, err)
		}
	}
	if _, there, _ := s.Store.Run(s.Context(), s.account); there {
		s.Error("the synchronization is still there")
	}
	if left, err := s.EndRun(s.Context(), s.account, run); left != 0 || err != nil {
		s.Errorf("a second end: %d, %v", left, err)
	}
}

func (s *suite) retention() {
	at := began()
	for i := range sqldb.OldRows + 5 {
		s.note(follower.Gained, fmt.Sprintf("o%d", i), "x", at)
	}
	today := follower.Change{Account: s.account, OpenID: "o1", Key: "today", Kind: follower.Lost, At: time.Now(), Day: 99991231}
	if err := s.Note(s.Context(), today); err != nil {
		s.Fatal(err)
	}
	retain := func(events, growth time.Duration) (int, int) {
		s.Helper()
		now, err := s.db.Clock(s.Context())
		if err != nil {
			s.Fatal(err)
		}
		return sqldbtest.Batches(s.T, s.OldEvents(now.Add(-events))), sqldbtest.Batches(s.T, s.OldGrowth(now.Add(-growth), nil))
	}
	if events, growth := retain(time.Hour, 24*365*100*time.Hour); events+growth > 0 {
		s.Errorf("young rows: %d, %d", events, growth)
	}
	s.grew(follower.Growth{Scene: "x", Gained: sqldb.OldRows + 5})
	// The day of the test is one long gone when the age is negative.
	if events, growth := retain(-time.Hour, -24*365*50*time.Hour); events < sqldb.OldRows+6 || growth < 2 {
		s.Errorf("removed %d, %d", events, growth)
	}
	s.grew()
	rest, err := s.Growth(s.Context(), s.account, 0, 99991231)
	if diff := cmp.Diff([]follower.Growth{{Day: 99991231, Scene: "x", Lost: 1}}, rest); diff != "" || err != nil {
		s.Errorf("%v, -want +got\n%s", err, diff)
	}
}
