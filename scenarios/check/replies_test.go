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
