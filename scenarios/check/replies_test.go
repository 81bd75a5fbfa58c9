package check

import (
	"strings"
	"testing"

	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
)

func TestReplies(t *testing.T) {
	const a, b = "<xml><CreateTime>1</CreateTime></xml>", "<xml><CreateTime>2</CreateTime></xml>"
	tests := []struct {
		name            string
		min             int
		tries           [][]wl.Delivery
		want            history.Verdict
		checked, broken int
		detail          string
	}{
		{"same reply after a lost answer", 1, [][]wl.Delivery{{lostTry(a), okTry(a)}}, history.Pass, 1, 0, ""},
		{"other reply after a lost answer", 1, [][]wl.Delivery{{lostTry(a), okTry(b)}}, history.Fail, 1, 1, "replies differ: seq 0 openid o000, try 1"},
		{"other reply in a try that was lost too", 1, [][]wl.Delivery{{lostTry(a), lostTry(b), refusedTry()}}, history.Fail, 1, 1, "try 2"},
		{"success, then words", 1, [][]wl.Delivery{{lostTry("success"), okTry(a)}}, history.Fail, 1, 1, `"success"`},
		{"third try differs", 1, [][]wl.Delivery{{lostTry(a), lostTry(a), okTry(b)}}, history.Fail, 1, 1, "try 3"},
		{"unanswered tries say nothing", 0, [][]wl.Delivery{{timedOutTry(), refusedTry(), okTry(a)}}, history.Pass, 0, 0, ""},
		{"a server error is no reply", 0, [][]wl.Delivery{{statusTry(503), okTry(a)}}, history.Pass, 0, 0, ""},
		{"a lost server error is no reply", 0, [][]wl.Delivery{{
			{Status: 500, Lost: true, TimedOut: true, Reply: "oops"},
			okTry(a),
		}}, history.Pass, 0, 0, ""},
		{"too few", 2, [][]wl.Delivery{{lostTry(a), okTry(a)}, {okTry(a)}}, history.Inconclusive, 1, 0, "2 wanted"},
		{"too few, but one differs", 5, [][]wl.Delivery{{lostTry(a), okTry(b)}}, history.Fail, 1, 1, ""},
		{"two messages need not agree", 0, [][]wl.Delivery{{okTry(a)}, {okTry(b)}}, history.Pass, 0, 0, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			l := newLab()
			for i, tries := range tt.tries {
				l.send(history.KindText, float64(i), tries...)
			}
			got := Replies{Min: tt.min}.Check(l.Arm)
			if got.Verdict != tt.want || got.Checked != tt.checked || got.Violations != tt.broken || !strings.Contains(got.Detail, tt.detail) {
				t.Errorf("got %+v", got)
			}
		})
	}
}

func TestDetailShowsWhereRepliesPart(t *testing.T) {
	long := strings.Repeat("长", 500)
	l := newLab()
	l.send(history.KindText, 1, lostTry(long+"甲"+long), okTry(long+"乙"+long))
	got := Replies{}.Check(l.Arm).Detail
	if !strings.Contains(got, "甲") || !strings.Contains(got, "乙") || len([]rune(got)) > 400 {
		t.Errorf("detail does not show the difference in short: %s", got)
	}
}
