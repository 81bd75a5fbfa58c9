package business

import (
	"context"
	"time"
)

// horizon is how far back a sweep may look: every job that was stored before it has been
// given to a worker, or is lost. A broker does not say which jobs it holds. It says when it
// holds none that it has not given out, and then the horizon is the age of the oldest row
// that has still to go to it. An order that stands behind a long queue is younger than the
// horizon, however long it waits. Without a broker the rows tell, and there is no horizon.
type horizon struct {
	service *Service
	at      time.Time // by the store's clock; zero: the broker was never seen empty
	next    time.Time // as seen by the last look
}

// look asks the broker, and returns the horizon; zero when it is not known. It answers by
// what earlier looks have seen: a worker that was given the last job just now has not
// claimed its order yet.
func (h *horizon) look(ctx context.Context) (time.Time, error) {
	now, err := h.service.store.Clock(ctx)
	if err != nil || h.service.cfg.Holding == nil {
		return now, err
	}
	if h.next.After(h.at) {
		h.at = h.next
	}
	behind, empty, err := h.empty(ctx)
	if empty {
		h.next = now.Add(-behind)
	}
	return h.at, err
}

// empty reports whether the broker holds no job that it has not given out, and how old the
// oldest job is that has still to go there. A broker that does not answer is not empty.
func (h *horizon) empty(ctx context.Context) (behind time.Duration, empty bool, err error) {
	queues := []string{orderType(Places{}).Queue, tellType(Places{}).Queue}
	for _, name := range queues { // the rows first: what leaves them meanwhile is at the broker
		rows, err := h.service.waiting.PendingJobs(ctx, name, 0, 1)
		if err != nil {
			return 0, false, err
		}
		for _, row := range rows {
			behind = max(behind, h.service.cfg.Now().Sub(row.Created))
		}
	}
	for _, name := range queues {
		n, away := h.service.cfg.Holding.Waiting(ctx, name)
		if held := away != nil || n > 0; held {
			return 0, false, nil
		}
	}
	return behind, true, nil
}
