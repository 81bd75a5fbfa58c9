package check

import (
	"strings"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

func TestReplies(t *testing.T) {
	const a, b = "<xml><CreateTime>1</CreateTime></xml>", "<xml><CreateTime>2</CreateTime></xml>"
	stale := lab.LostTry(b)
	stale.Stale = true
	tests := []struct {
		name            string
		min             int
		tries           [][]wl.Delivery
		want            history.Verdict
		checked, broken int
		detail          string
	}{
		{"same reply after a lost answer", 1, [][]wl.Delivery{{lab.LostTry(a), lab.OKTry(a)}}, history.Pass, 1, 0, ""},
		{"other reply after a lost answer", 1, [][]wl.Delivery{{lab.LostTry(a), lab.OKTry(b)}}, history.Fail, 1, 1, "replies differ: seq 0 openid o000, try 1"},
		{"other reply in a try that was lost too", 1, [][]wl.Delivery{{lab.LostTry(a), lab.LostTry(b), lab.RefusedTry()}}, history.Fail, 1, 1, "try 2"},
		{"success, then words", 1, [][]wl.Delivery{{lab.LostTry("success"), lab.OKTry(a)}}, history.Fail, 1, 1, `"success"`},
		{"third try differs", 1, [][]wl.Delivery{{lab.LostTry(a), lab.LostTry(a), lab.OKTry(b)}}, history.Fail, 1, 1, "try 3"},
		{"unanswered tries say nothing", 0, [][]wl.Delivery{{lab.TimedOutTry(), lab.RefusedTry(), lab.OKTry(a)}}, history.Pass, 0, 0, ""},
		{"a server error is no reply", 0, [][]wl.Delivery{{lab.StatusTry(503), lab.OKTry(a)}}, history.Pass, 0, 0, ""},
		{"a lost server error is no reply", 0, [][]wl.Delivery{{
			{Status: 500, Lost: true, TimedOut: true, Reply: "oops"},
			lab.OKTry(a),
		}}, history.Pass, 0, 0, ""},
		{"too few", 2, [][]wl.Delivery{{lab.LostTry(a), lab.OKTry(a)}, {lab.OKTry(a)}}, history.Inconclusive, 1, 0, "2 wanted"},
		{"too few, but one differs", 5, [][]wl.Delivery{{lab.LostTry(a), lab.OKTry(b)}}, history.Fail, 1, 1, ""},
		{"from memory, then from the database", 0, [][]wl.Delivery{{stale, lab.OKTry(a)}}, history.Pass, 0, 0, ""},
		{"from memory, then two that differ", 0, [][]wl.Delivery{{stale, lab.LostTry(a), lab.OKTry(b)}}, history.Fail, 1, 1, "try 2"},
		{"two messages need not agree", 0, [][]wl.Delivery{{lab.OKTry(a)}, {lab.OKTry(b)}}, history.Pass, 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := lab.New()
			for i, tries := range tt.tries {
				l.Send(history.KindText, float64(i), tries...)
			}
			got := Replies{Min: tt.min}.Check(l.Arm)
			if got.Verdict != tt.want || got.Checked != tt.checked || got.Violations != tt.broken || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestMarkedBusinessIsCompared: the mark excuses no order (STO-7).
func TestMarkedBusinessIsCompared(t *testing.T) {
	l := lab.New()
	first := lab.LostTry("<xml>1</xml>")
	first.Stale = true
	l.Send(history.KindOrder, 1, first, lab.OKTry("<xml>2</xml>"))
	if got := (Replies{}).Check(l.Arm); got.Verdict != history.Fail || got.Violations != 1 {
		t.Errorf("got %+v", got)
	}
}

func TestDetailShowsWhereRepliesPart(t *testing.T) {
	long := strings.Repeat("长", 500)
	l := lab.New()
	l.Send(history.KindText, 1, lab.LostTry(long+"甲"+long), lab.OKTry(long+"乙"+long))
	got := Replies{}.Check(l.Arm).Detail
	if !strings.Contains(got, "甲") || !strings.Contains(got, "乙") || len([]rune(got)) > 400 {
		t.Errorf("detail does not show the difference in short: %s", got)
	}
}

// TestRepliesOfKinds: a message gets the kind of reply that it asks for, and each kind is
// seen with three tries (MSG-4, MSG-6).
func TestRepliesOfKinds(t *testing.T) {
	reply := func(kind string) string {
		if kind == history.ReplyNone {
			return "success"
		}
		return "<xml><CreateTime>1</CreateTime><MsgType><![CDATA[" + kind + "]]></MsgType></xml>"
	}
	// of has a message with three tries for each kind. Some get what got says instead.
	of := func(got map[string]string) *lab.Lab {
		l := lab.New()
		for i, kind := range history.ReplyKinds() {
			body, ok := got[kind]
			if !ok {
				body = reply(kind)
			}
			seq := l.Send(history.KindText, float64(i), lab.LostTry(body), lab.LostTry(body), lab.OKTry(body))
			l.Plan[seq].Reply = kind
		}
		return l
	}
	twice := of(nil)
	twice.Deliveries = twice.Deliveries[1:] // of the first message one try is not known
	for name, tc := range map[string]struct {
		lab    *lab.Lab
		each   int
		want   history.Verdict
		broken int
		detail string
	}{
		"each":                    {of(nil), 1, history.Pass, 0, "music 1, news 1, transfer_customer_service 1, none 1"},
		"too few of each":         {of(nil), 2, history.Inconclusive, 0, "2 of kind image with three wanted"},
		"only two tries":          {twice, 1, history.Inconclusive, 0, "1 of kind text with three wanted"},
		"another kind":            {of(map[string]string{"image": reply("text")}), 1, history.Fail, 1, "asks for a reply of kind image, try 1 got"},
		"none":                    {of(map[string]string{"news": "success"}), 1, history.Fail, 1, "kind news"},
		"words for none":          {of(map[string]string{"none": reply("text")}), 1, history.Fail, 1, "kind none"},
		"nothing that is a reply": {of(map[string]string{"voice": "<xml></xml>"}), 0, history.Fail, 1, "kind voice"},
	} {
		t.Run(name, func(t *testing.T) {
			got := Replies{EachKind: tc.each}.Check(tc.lab.Arm)
			if got.Verdict != tc.want || got.Violations != tc.broken || !strings.Contains(got.Detail, tc.detail) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

// TestRepliesOfDifferentServers: tries that all met one server say nothing of what servers
// know of each other. Of several servers that had a try, the last one answered.
func TestRepliesOfDifferentServers(t *testing.T) {
	by := func(first, second string) *lab.Lab {
		l := lab.New()
		a, b := lab.LostTry("success"), lab.OKTry("success")
		a.Upstream, b.Upstream = first, second
		l.Send(history.KindText, 1, a, b)
		return l
	}
	for name, tc := range map[string]struct {
		lab  *lab.Lab
		want history.Verdict
	}{
		"two":                      {by("10.0.0.1:80", "10.0.0.2:80"), history.Pass},
		"one":                      {by("10.0.0.1:80", "10.0.0.1:80"), history.Inconclusive},
		"one, and one that failed": {by("10.0.0.1:80", "10.0.0.2:80, 10.0.0.1:80"), history.Inconclusive},
		"not known":                {by("", ""), history.Inconclusive},
	} {
		if got := (Replies{Elsewhere: 1}).Check(tc.lab.Arm); got.Verdict != tc.want {
			t.Errorf("%s: got %+v", name, got)
		}
	}
}
