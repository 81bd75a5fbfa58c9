package callback

import (
	"context"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"oalab/server/wechat"
)

// answer is the answer to a message. A nil body is "success".
type answer struct {
	body    []byte
	outcome string
}

// answer finds the answer to a message, sharing the work with other tries of it.
func (h *Handler) answer(ctx context.Context, account string, m *wechat.Message, arrived time.Time) (answer, error) {
	if !m.AllowsReply() {
		a := answer{outcome: outcomeSuccess}
		h.record(ctx, account, m, arrived, a)
		return a, nil
	}
	return h.flights.do(ctx, account+"|"+m.Key(), func(ctx context.Context) (answer, error) {
		a, err := h.route(ctx, account, m)
		if err == nil {
			h.record(ctx, account, m, arrived, a)
		}
		return a, err
	})
}

// route says who answers a message (MSG-7): exact commands, menu keys and
// recognised words go to business, other words to the smart answer.
func (h *Handler) route(ctx context.Context, account string, m *wechat.Message) (answer, error) {
	words := strings.TrimSpace(m.Words())
	command := words
	switch body := m.Body.(type) {
	case *wechat.Click:
		command = body.Key
	case *wechat.Subscribe:
		return h.reply(m, h.cfg.Texts.Welcome, outcomeReply)
	case *wechat.Unknown:
		h.log.LogAttrs(ctx, slog.LevelInfo, "message of an unknown type",
			slog.String("account", account), slog.String("type", m.Type), slog.String("event", m.Event))
	}
	if command != "" && h.cfg.Current != nil {
		if err := h.cfg.Current(ctx); err != nil {
			return answer{}, err
		}
	}
	if command != "" {
		outcome, ok, err := h.business.Answer(ctx, Command{
			Account: account, OpenID: m.From, Key: m.Key(), Text: command, At: time.Unix(m.CreateTime, 0),
		})
		switch {
		case err != nil:
			return answer{}, err
		case ok && outcome.Later:
			return answer{outcome: outcomeHandedOver}, nil
		case ok:
			return h.reply(m, outcome.Text, outcomeReply)
		}
	}
	if words != "" {
		if text, ok := h.answers.Answer(account, words, m.Key()); ok {
			return h.reply(m, text, outcomeReply)
		}
	}
	return h.reply(m, h.cfg.Texts.Default, outcomeDefault)
}

// reply is a text for the follower. It carries the message's own CreateTime, so
// that every server and every try makes the same bytes.
func (h *Handler) reply(m *wechat.Message, text, outcome string) (answer, error) {
	body, err := wechat.MarshalReply(m, m.CreateTime, wechat.TextReply{Content: wechat.ClipText(text)})
	if err != nil {
		return answer{}, fmt.Errorf("write reply: %w", err)
	}
	return answer{body: body, outcome: outcome}, nil
}
