package callback_test

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"testing"

	"oalab/server/internal/callback"
	"oalab/server/internal/message"
)

// TestPeopleSpeak: recognition writes sentences, with marks that no one said (MSG-7).
func TestPeopleSpeak(t *testing.T) {
	t.Parallel()
	b := newRig(t, callback.Config{})
	commands := []string{"查流量", "KT10", "Q10.", "办理？"}
	b.business.do = func(_ context.Context, c command) (message.Reply, bool, error) {
		return message.Text("done " + c.Text), slices.Contains(commands, c.Text), nil
	}
	spoken := func(words string) string {
		return push("voice", "", "<MediaId>m</MediaId><Format>amr</Format><Recognition><![CDATA["+words+"]]></Recognition>")
	}
	const none = "您好，没有找到"
	for i, test := range []struct{ body, want string }{
		{spoken("查流量"), "done 查流量"},
		{spoken("查流量。"), "done 查流量"},
		{spoken("查流量！"), "done 查流量"},
		{spoken("查流量？"), "done 查流量"},
		{spoken("查流量."), "done 查流量"},
		{spoken("查流量,"), "done 查流量"},
		{spoken("查流量，"), "done 查流量"},
		{spoken("查流量…"), "done 查流量"},
		{spoken("查流量～"), "done 查流量"},
		{spoken("“查流量。”"), "done 查流量"},
		{spoken("，　查流量 ！！ \t"), "done 查流量"},
		{spoken("\u200b查流量\ufeff。"), "done 查流量"},
		{spoken("ＫＴ１０。"), "done KT10"},
		{spoken("Q10."), "done Q10."}, // a command that is written with a mark
		{spoken("办理？"), "done 办理？"},   // the same
		{spoken("营业厅。"), "地址"},        // the smart answer gets the words alone
		{text("", "营业厅。"), none},
		{spoken("查 流量。"), none},
		{spoken("。！"), none},
		{text("", "查流量。"), none}, // what is typed is taken as it is
		{text("", "ＫＴ１０"), none},
		{text("", " 查流量 "), "done 查流量"},
	} {
		body := strings.Replace(test.body, "<MsgId></MsgId>", "<MsgId>"+strconv.Itoa(100+i)+"</MsgId>", 1)
		w := b.post(t, signed("demo", token, "n"), body)
		if got := content(t, w.Body.String()); !strings.HasPrefix(got, test.want) {
			t.Errorf("%s: %q, want %q", test.body, got, test.want)
		}
	}
}
