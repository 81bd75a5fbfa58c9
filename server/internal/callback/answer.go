package callback

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"oalab/server/internal/message"
	"oalab/server/wechat"
)

// answer is the answer to a message. A nil body is "success".
type answer struct {
	body    []byte
	outcome string
}

// answer finds the answer to a message, sharing the work with other tries of it, which have
// the same key. The work takes the place of the try that begins it. A try with leave may be answered from memory;
// it does not share the work of one without, which may be waiting for the database. What
// the message causes beside its reply is done before: an event that is acknowledged was heard.
func (h *Handler) answer(ctx context.Context, key string, of message.Heard, arrived time.Time, p *place, leave bool) (answer, error) {
	silent, heard := !of.AllowsReply(), h.router.concerns(of.Message)
	if silent && !heard {
		a := answer{outcome: outcomeSuccess}
		h.record(ctx, of, arrived, a)
		return a, nil
	}
	if leave {
		key += "|leave"
	}
	return h.flights.do(ctx, key, of.Account+"|"+of.From, p, func(ctx context.Context) (answer, error) {
		if heard {
			if err := h.router.hear(ctx, of); err != nil {
				return answer{}, err
			}
		}
		a, err := answer{outcome: outcomeSuccess}, error(nil)
		if !silent {
			a, err = h.route(ctx, of, arrived, leave)
		}
		if err == nil {
			h.record(ctx, of, arrived, a)
		}
		return a, err
	})
}

// work is a message on its way to its answer, with room for its readings.
type work struct {
	message.Asked
	commands, questions [mostReadings]string
}

// route lets the features answer a message, by their ranks (MSG-7). Words and menu keys may
// be answered by what this server keeps of the database, which must not be too old for that.
func (h *Handler) route(ctx context.Context, of message.Heard, arrived time.Time, leave bool) (answer, error) {
	w := &work{Asked: message.Asked{Heard: of, Arrived: arrived, Moments: h}}
	m := &w.Asked
	m.Commands, m.Questions = w.readings()
	switch body := m.Body.(type) {
	case *wechat.Click:
		m.Commands = appendDistinct(w.commands[:0], body.Key)
	case *wechat.Unknown:
		h.log.LogAttrs(ctx, slog.LevelInfo, "message of an unknown type",
			slog.String("account", m.Account), slog.String("type", m.Type), slog.String("event", m.Event))
	}
	stale := false
	if len(m.Commands) > 0 && h.cfg.Current != nil {
		var err error
		if stale, err = h.stale(ctx, leave); err != nil {
			return answer{}, err
		}
	}
	reply, by, err := h.router.answer(ctx, m)
	switch {
	case err != nil:
		return answer{}, err
	case by == nil:
		return answer{outcome: outcomeSuccess}, nil
	case stale && by.FromCopies:
		return h.reply(m.Message, reply, outcomeStale)
	case by.Rank == message.RankDefault:
		return h.reply(m.Message, reply, outcomeDefault)
	}
	return h.reply(m.Message, reply, outcomeReply)
}

// reply is a message for the follower, or "success" when the reply shows nothing. It carries
// the message's own CreateTime, so that every server and every try makes the same bytes.
func (*Handler) reply(m *wechat.Message, r message.Reply, outcome string) (answer, error) {
	switch {
	case r.Later:
		return answer{outcome: outcomeHandedOver}, nil
	case r.Show == nil:
		return answer{outcome: outcomeSuccess}, nil
	}
	body, err := wechat.MarshalReply(m, m.CreateTime, r.Show)
	if err != nil {
		return answer{}, fmt.Errorf("write reply: %w", err)
	}
	return answer{body: body, outcome: outcome}, nil
}
