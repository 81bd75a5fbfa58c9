package business

import (
	"context"
	"time"

	"oalab/server/internal/message"
)

// Answers is the business that exact commands and menu keys ask for, at their rank.
func (s *Service) Answers() []message.Answerer {
	return []message.Answerer{{Name: "business", Rank: message.RankCommand, Answer: s.answer}}
}

func (s *Service) answer(ctx context.Context, m *message.Asked) (message.Reply, bool, error) {
	for _, text := range m.Commands {
		r, ok, err := s.Answer(ctx, Command{
			Account: m.Account, OpenID: m.From, Key: m.Key, Text: text, At: time.Unix(m.CreateTime, 0),
		})
		if ok || err != nil {
			return r, ok, err
		}
	}
	return message.Reply{}, false, nil
}

// Leaving ends the binding of a follower who unsubscribes: a follower who comes back binds
// again. unbind ends one that was made before a moment and reports whether there was one;
// ended is called when there was. A binding that was made after the event stays: the event
// may come late, or again.
func Leaving(unbind func(ctx context.Context, account, openid string, before time.Time) (bool, error), ended func(context.Context)) message.Listener {
	return message.Listener{Name: "bindings of followers who leave", Events: []string{"unsubscribe"}, Hear: func(ctx context.Context, m message.Heard) error {
		was, err := unbind(ctx, m.Account, m.From, time.Unix(m.CreateTime+1, 0))
		if err == nil && was {
			ended(ctx)
		}
		return err
	}}
}
