package outbox_test

import (
	"context"
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"

	"oalab/server/internal/job"
	"oalab/server/internal/outbox"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/queue/queuetest"
)

// graves keeps what is buried, when it is not away.
type graves struct {
	away   bool
	buried []string
}

// BuryJob implements outbox.DeadLetters.
func (g *graves) BuryJob(_ context.Context, env job.Envelope, _ int, reason string) error {
	if g.away {
		return errors.New("the database is away")
	}
	g.buried = append(g.buried, env.Key+" "+reason)
	return nil
}

// TestBurying: a broker's job that is given up is in the store and nowhere else, and comes
// again while the store is away.
func TestBurying(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		q, err := memqueue.New(memqueue.Config{}, queuetest.Types().Queues(), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		store := &graves{away: true}
		from := outbox.Burying(q, store)
		env := job.Envelope{Key: "query:1", Kind: queuetest.KindQuery, Queue: queuetest.QueueQueries, Payload: []byte("{}"), Created: time.Now()}
		if err := q.Publish(t.Context(), env); err != nil {
			t.Fatal(err)
		}
		bury := func() error {
			t.Helper()
			d, err := from.Receive(t.Context(), queuetest.QueueQueries)
			if err != nil {
				t.Fatal(err)
			}
			return d.Bury(t.Context(), "no way")
		}
		if err := bury(); err == nil || len(store.buried) != 0 {
			t.Errorf("buried in a store that is away: %v, %v", err, store.buried)
		}
		store.away = false
		if err := bury(); err != nil {
			t.Error(err)
		}
		if diff := cmp.Diff([]string{"query:1 no way"}, store.buried); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if f := q.Figures(queuetest.QueueQueries); f.Depth != 0 || f.InFlight != 0 || f.Dead != 0 {
			t.Errorf("the broker still holds %+v", f)
		}
	})
}
