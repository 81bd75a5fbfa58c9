package callback_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/callback"
	"oalab/server/internal/message"
	"oalab/server/wechat"
)

func newHandler(t *testing.T, answers []message.Answerer, listens ...message.Listener) error {
	t.Helper()
	_, err := callback.New(callback.Config{Budget: time.Second, BodyLimit: 1, Answers: answers, Listens: listens},
		slog.New(slog.DiscardHandler), prometheus.NewRegistry())
	return err
}

// knowing answers the texts that it knows, and notes that it was asked.
func knowing(name string, rank message.Rank, asked func(string), known ...string) message.Answerer {
	return message.Answerer{Name: name, Rank: rank, Answer: func(_ context.Context, m *message.Asked) (message.Reply, bool, error) {
		asked(name)
		return message.Text(name), slices.Contains(known, m.Words()), nil
	}}
}

func TestAnswerersAreAskedByRank(t *testing.T) {
	t.Parallel()
	var asked []string
	note := func(name string) { asked = append(asked, name) }
	b := newRig(t, callback.Config{Answers: []message.Answerer{ // in no order
		knowing("default", message.RankDefault, note, "a", "b", "c", "d", "资费"),
		knowing("ai", message.RankAI, note, "a", "b", "c"),
		knowing("session", message.RankSession, note, "a"),
		knowing("third party", message.RankThirdParty, note, "a", "c"),
		knowing("scene", message.RankScene, note, "a", "b"),
	}})
	for i, test := range []struct{ words, want, asked string }{
		{"a", "session", "session"},
		{"b", "scene", "session scene"},
		{"c", "third party", "session scene third party"},
		{"d", "default", "session scene third party ai default"},
		{"营业厅", "地址", "session scene third party"}, // by the keyword table of the rig
		{"x", "", "session scene third party ai default"},
	} {
		asked = nil
		w := b.post(t, signed("demo", token, "n"), text(fmt.Sprint(i+1), test.words))
		if got := content(t, w.Body.String()); w.Code != http.StatusOK || got != test.want || strings.Join(asked, " ") != test.asked {
			t.Errorf("%s: %d %q, asked %q; want %q, %q", test.words, w.Code, got, asked, test.want, test.asked)
		}
	}
	if got := b.counter(t, `oalab_callback_messages_total{outcome="default",type="text"}`); got != "1" {
		t.Errorf("%s default answers, want 1", got)
	}
}

func TestRouterRefuses(t *testing.T) {
	t.Parallel()
	none := func(context.Context, *message.Asked) (message.Reply, bool, error) { return message.Reply{}, false, nil }
	deaf := func(context.Context, message.Heard) error { return nil }
	for name, test := range map[string]struct {
		answers []message.Answerer
		listens []message.Listener
		want    []string
	}{
		"one rank":                   {answers: []message.Answerer{{Name: "keywords", Rank: 50, Answer: none}, {Name: "ai", Rank: 60, Answer: none}, {Name: "campaigns", Rank: 50, Answer: none}}, want: []string{"keywords and campaigns", "rank 50"}},
		"no rank":                    {answers: []message.Answerer{{Name: "keywords", Answer: none}}, want: []string{`"keywords"`, "rank"}},
		"no name":                    {answers: []message.Answerer{{Rank: 50, Answer: none}}, want: []string{"rank 50", "name"}},
		"no function of an answerer": {answers: []message.Answerer{{Name: "keywords", Rank: 50}}, want: []string{`"keywords"`, "function"}},
		"nothing to hear":            {listens: []message.Listener{{Name: "profiles", Hear: deaf}}, want: []string{`"profiles"`, "events"}},
		"no function of a listener":  {listens: []message.Listener{{Name: "profiles", Events: []string{"subscribe"}}}, want: []string{`"profiles"`, "function"}},
	} {
		err := newHandler(t, test.answers, test.listens...)
		for _, want := range test.want {
			if err == nil || !strings.Contains(err.Error(), want) {
				t.Errorf("%s: error %v, want %q in it", name, err, want)
			}
		}
	}
}

// ear notes what it hears.
type ear struct {
	mu    sync.Mutex
	heard []message.Heard
	do    func(context.Context) error
}

func (e *ear) hear(ctx context.Context, m message.Heard) error {
	e.mu.Lock()
	e.heard = append(e.heard, m)
	do := e.do
	e.mu.Unlock()
	if do == nil {
		return nil
	}
	return do(ctx)
}

func (e *ear) events() (names []string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	for _, m := range e.heard {
		names = append(names, m.Account+" "+m.Key)
	}
	e.heard = nil
	return names
}

// MSG-3: a feature hears of the events that it asks for, whether they allow a reply or not,
// and of no other.
func TestListenersHearTheirTypes(t *testing.T) {
	t.Parallel()
	some, all := &ear{}, &ear{}
	b := newRig(t, callback.Config{Listens: []message.Listener{
		{Name: "some", Events: []string{"unsubscribe", "MASSSENDJOBFINISH", "kf_create_session", "view", "LOCATION", "hologram"}, Messages: []string{"image"}, Hear: some.hear},
		{Name: "all", Events: []string{message.Every}, Messages: []string{message.Every}, Hear: all.hear},
	}})
	of := func(event string, more ...string) string {
		return "demo " + strings.Join(append([]string{openid, "1414387151", event, ""}, more...), "|")
	}
	for _, test := range []struct{ body, key, answer string }{
		{event("unsubscribe", ""), of("unsubscribe"), "success"},
		{event("MASSSENDJOBFINISH", "", "<MsgID>7</MsgID><Status>send success</Status>"), of("MASSSENDJOBFINISH", "7", "send success"), "success"},
		{event("kf_create_session", "", "<KfAccount>a@gh</KfAccount>"), of("kf_create_session", "a@gh"), "success"},
		{event("VIEW", ""), of("VIEW"), "success"},
		{event("LOCATION", ""), of("LOCATION"), "success"},
		{event("hologram", ""), of("hologram"), "<xml>"}, // unknown, and it allows a reply
		{push("image", "5", "<MediaId>m</MediaId>"), "demo 5", "<xml>"},
		{event("TEMPLATESENDJOBFINISH", "", "<MsgID>8</MsgID><Status>success</Status>"), "", "success"},
		{event("subscribe", ""), "", "<xml>"},
		{push("location", "6", "<Label>x</Label>"), "", "<xml>"},
		{text("7", "KT10"), "", "<xml>"},
	} {
		w := b.post(t, signed("demo", token, "n"), test.body)
		if w.Code != http.StatusOK || !strings.Contains(w.Body.String(), test.answer) {
			t.Errorf("%s: %d %q", test.body, w.Code, w.Body)
		}
		if got := strings.Join(some.events(), " "); got != test.key {
			t.Errorf("%s: heard %q, want %q", test.body, got, test.key)
		}
		if got := all.events(); len(got) != 1 {
			t.Errorf("%s: a listener to everything heard %q", test.body, got)
		}
	}
}

// An event that is acknowledged was heard: a listener that fails, that panics or that has
// not ended keeps the answer back, and the platform's next try lets it hear again.
func TestAnAcknowledgedEventWasHeard(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		users, failing, other := &userLog{}, &ear{}, &ear{}
		b := newRig(t, callback.Config{UserLog: users, Listens: []message.Listener{
			{Name: "results", Events: []string{"TEMPLATESENDJOBFINISH"}, Hear: failing.hear},
			{Name: "profiles", Events: []string{message.Every}, Hear: other.hear},
		}})
		body := event("TEMPLATESENDJOBFINISH", "", "<MsgID>8</MsgID><Status>success</Status>")
		slow := 0
		for name, do := range map[string]func(context.Context) error{
			"error": func(context.Context) error { return errors.New("the database is away") },
			"panic": func(context.Context) error { panic("planted") },
			"slow":  func(ctx context.Context) error { slow++; <-ctx.Done(); return ctx.Err() },
		} {
			failing.do = do
			w := b.post(t, signed("demo", token, "n"), body)
			if w.Code != http.StatusServiceUnavailable || w.Body.Len() != 0 || len(users.entries) != 0 {
				t.Errorf("%s: %d %q, %d rows in the log", name, w.Code, w.Body, len(users.entries))
			}
			<-time.After(time.Minute) // the work of a slow one has ended
			if got := failing.events(); len(got) != 1 {
				t.Errorf("%s: heard %q", name, got)
			}
			if got := other.events(); len(got) != 1 && name != "panic" {
				t.Errorf("%s: the listener beside it heard %q", name, got)
			}
		}
		if !strings.Contains(b.log.String(), "results: the database is away") {
			t.Errorf("the log does not name the listener: %s", &b.log)
		}
		failing.do = nil
		if w := b.post(t, signed("demo", token, "n"), body); w.Code != http.StatusOK || w.Body.String() != wechat.Success {
			t.Errorf("then %d %q", w.Code, w.Body)
		}
		if len(failing.events()) != 1 || len(users.entries) != 1 {
			t.Errorf("it did not hear again, or the log has %d rows", len(users.entries))
		}
	})
}

// A message that allows a reply is heard before it is answered.
func TestAMessageIsHeardBeforeItIsAnswered(t *testing.T) {
	t.Parallel()
	e := &ear{do: func(context.Context) error { return errors.New("away") }}
	b := newRig(t, callback.Config{Listens: []message.Listener{{Name: "profiles", Messages: []string{"text"}, Hear: e.hear}}})
	if w := b.post(t, signed("demo", token, "n"), text("1", "KT10")); w.Code != http.StatusServiceUnavailable || len(b.business.seen()) != 0 {
		t.Errorf("%d, business was asked %d times", w.Code, len(b.business.seen()))
	}
	e.do = nil
	if w := b.post(t, signed("demo", token, "n"), text("1", "KT10")); w.Code != http.StatusOK || len(b.business.seen()) != 1 {
		t.Errorf("%d, business was asked %d times", w.Code, len(b.business.seen()))
	}
}
