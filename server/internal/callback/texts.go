package callback

import (
	"cmp"
	"context"

	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// Texts are what followers read when nothing more particular applies.
type Texts struct {
	// Default answers what no command and no keyword matches.
	Default string
	// Welcome answers a new follower.
	Welcome string
}

// usual are the texts of an account that has none of its own.
var usual = Texts{
	Default: "您好，没有找到与您的问题对应的答案。请换一个说法，或拨打客服热线。",
	Welcome: "欢迎关注！回复关键词即可查询和办理业务。",
}

// Answers are the answerers of the last ranks: the texts of accounts, by name. An account
// without one, or with "" for a text, has the usual one.
func Answers(accounts map[string]Texts) []message.Answerer {
	return []message.Answerer{
		{Name: "greeting", Rank: message.RankGreeting, Answer: func(_ context.Context, m *message.Asked) (message.Reply, bool, error) {
			if _, follows := m.Body.(*wechat.Subscribe); !follows {
				return message.Reply{}, false, nil
			}
			return message.Text(cmp.Or(accounts[m.Account].Welcome, usual.Welcome)), true, nil
		}},
		{Name: "default", Rank: message.RankDefault, FromCopies: true, Answer: func(_ context.Context, m *message.Asked) (message.Reply, bool, error) {
			return message.Text(cmp.Or(accounts[m.Account].Default, usual.Default)), true, nil
		}},
	}
}
