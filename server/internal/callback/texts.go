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

// TextsOf finds the texts that answer a message: those of its account as they were at its first
// try. An error means that the message is not answered, and that the platform tries again.
type TextsOf func(ctx context.Context, m *message.Asked) (Texts, error)

// Fixed are texts of accounts, by name, that never change.
func Fixed(accounts map[string]Texts) TextsOf {
	return func(_ context.Context, m *message.Asked) (Texts, error) { return accounts[m.Account], nil }
}

// Answers are the answerers of the last ranks: the texts of accounts. An account with "" for a
// text has the usual one.
func Answers(texts TextsOf) []message.Answerer {
	return []message.Answerer{
		{Name: "greeting", Rank: message.RankGreeting, Answer: func(ctx context.Context, m *message.Asked) (message.Reply, bool, error) {
			if _, follows := m.Body.(*wechat.Subscribe); !follows {
				return message.Reply{}, false, nil
			}
			own, err := texts(ctx, m)
			return message.Text(cmp.Or(own.Welcome, usual.Welcome)), err == nil, err
		}},
		{Name: "default", Rank: message.RankDefault, FromCopies: true, Answer: func(ctx context.Context, m *message.Asked) (message.Reply, bool, error) {
			own, err := texts(ctx, m)
			return message.Text(cmp.Or(own.Default, usual.Default)), err == nil, err
		}},
	}
}
