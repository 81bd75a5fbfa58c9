package callback

import (
	"context"
	"log/slog"
	"time"

	"oalab/server/internal/message"
)

const (
	// momentLimit bounds the question for the first try of a message.
	momentLimit = 200 * time.Millisecond
	// firstTryAge is the greatest age of a first try by its CreateTime, which has whole
	// seconds, as far as no one knows better.
	firstTryAge = 1250 * time.Millisecond
)

// Moment implements message.Moments: the first try counts, wherever it came, so that a
// change between two tries changes no answer (MSG-6). A message that is younger than the
// last change needs no question. For another one this server's own memory is asked, then
// the log of what was answered, which all servers share; one that was never answered is
// answered by the table of now (STO-7).
func (h *Handler) Moment(ctx context.Context, m *message.Asked, t message.Table) time.Time {
	account, arrived := m.Account, m.Arrived
	sent := h.lead.sent(m.CreateTime, arrived)
	if !t.ChangedSince(account, sent) {
		return arrived
	}
	if first, ok := h.recent.first(account + "|" + m.Key); ok && first.Before(arrived) {
		return first
	}
	if h.cfg.UserLog == nil {
		return arrived
	}
	ctx, cancel := context.WithTimeout(ctx, momentLimit)
	defer cancel()
	first, found, err := h.cfg.UserLog.First(ctx, account, m.Message.Key(), time.Unix(m.CreateTime, 0))
	switch {
	case err != nil && arrived.Sub(sent) > firstTryAge:
		h.log.LogAttrs(ctx, slog.LevelInfo, "whether a message was answered before is not known", slog.Any("error", err))
		return sent // it may be a later try
	case err == nil && found && first.Before(arrived):
		return first
	}
	return arrived
}
