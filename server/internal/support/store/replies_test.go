package supportstore

import (
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/sqldb"
	"oalab/server/internal/sqldb/sqldbtest"
	"oalab/server/internal/support"
	"oalab/server/wechat"
)

func TestRepliesSQLite(t *testing.T) { repliesAreKept(t, sqldbtest.NewSQLite(t)) }

func TestRepliesMySQL(t *testing.T) { repliesAreKept(t, sqldbtest.NewMySQL(t, os.Getenv)) }

// repliesAreKept: answers of every kind come back, and what replaced them is remembered.
func repliesAreKept(t *testing.T, cfg sqldb.Config) {
	t.Helper()
	s := New(sqldbtest.Open(t, cfg))
	account := sqldbtest.Unique("a")
	full := support.Entry{Keyword: "k", Match: support.MatchEqual, Answers: []string{"text"}, Replies: []wechat.Reply{
		wechat.ImageReply{MediaID: "m1"}, wechat.NewsReply{Articles: []wechat.Article{{Title: "标题😀 ]]>", URL: "https://oa.example/?a=1&b=2"}}}, wechat.TransferReply{},
	}}
	short := support.Entry{Keyword: "k", Match: support.MatchEqual, Replies: []wechat.Reply{wechat.VoiceReply{MediaID: "m2"}}}
	seed := func(prune bool, entries ...support.Entry) sqldb.Changes {
		t.Helper()
		plan, err := s.db.Seed(t.Context(), false, s.Seed(account, entries, prune))
		if err != nil {
			t.Fatal(err)
		}
		return plan[0]
	}
	is := func(want ...support.Entry) []support.Replaced {
		t.Helper()
		got, err := s.ListKeywords(t.Context(), account)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(append([]support.Entry{}, want...), got.Entries); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		return got.Replaced
	}
	seed(false, full)
	is(full)
	if plan := seed(false, full); plan.Same != 1 {
		t.Errorf("again: %+v", plan)
	}
	if plan := seed(false, short); len(plan.Changed) != 1 {
		t.Errorf("changed: %+v", plan)
	}
	past := is(short)
	if len(past) == 0 || !past[0].Existed || !cmp.Equal(past[0].Entry, full) {
		t.Errorf("replaced: %+v", past)
	}
	if plan := seed(true); len(plan.Removed) != 1 {
		t.Errorf("pruned: %+v", plan)
	}
	is()
	var rest int
	if err := s.db.Read.GetContext(t.Context(), &rest, "SELECT COUNT(*) FROM autoreply_reply WHERE account = ?", account); err != nil || rest > 0 {
		t.Errorf("%d replies of no keyword, %v", rest, err)
	}
}
