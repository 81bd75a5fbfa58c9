package server_test

import (
	"context"
	"crypto/rand"
	"fmt"
	"log/slog"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"oalab/internal/deadport"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/server"
	"oalab/server/internal/business"
	"oalab/server/internal/queue/rabbit"
	"oalab/server/internal/servertest"
)

// broker gives queues of the test's own at a RabbitMQ broker, which go with it.
// Without a broker the test is skipped loudly, or fails where OALAB_REQUIRE asks
// for one.
func broker(t *testing.T) server.AMQP {
	t.Helper()
	address := os.Getenv("OALAB_TEST_AMQP_URL")
	if address == "" {
		const remedy = "no RabbitMQ here: servers over a broker are not tested. Remedy: start RabbitMQ 4 and set " +
			"OALAB_TEST_AMQP_URL=amqp://user:password@host:5672/"
		if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
			t.Fatal(remedy + "\nOALAB_REQUIRE names docker, so this may not be skipped")
		}
		t.Skip("SKIPPED: " + remedy)
	}
	at := server.AMQP{URL: server.Secret(address), Prefix: "oalab-test." + rand.Text()[:12] + "."}
	t.Cleanup(func() {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(t.Context()), 20*time.Second)
		defer cancel()
		q, err := rabbit.New(rabbit.Config{URL: address, Prefix: at.Prefix}, business.JobTypes(business.Places{}).Queues(), slog.New(slog.DiscardHandler), nil)
		if err != nil {
			t.Fatal(err)
		}
		defer q.Close()
		if err := q.Remove(ctx); err != nil {
			t.Error(err)
		}
	})
	return at
}

// drained reports whether a server says that nothing is queued or in work.
func drained(t *testing.T, s *server.Server) bool {
	t.Helper()
	_, metrics := servertest.Get(t, s, "/metrics")
	want := []string{"oalab_outbox_rows 0", "oalab_orders_unfinished 0"}
	for _, queue := range business.JobTypes(business.Places{}).Queues() {
		want = append(want, fmt.Sprintf("oalab_queue_depth{queue=%q} 0", queue), fmt.Sprintf("oalab_work_in_flight{queue=%q} 0", queue))
	}
	return !slices.ContainsFunc(want, func(series string) bool { return !strings.Contains(metrics, "\n"+series+"\n") })
}

// Servers share a broker and a database: one answers, two work. Each order takes
// effect once and is told once, each answer that was handed over is sent once,
// also when one of the workers is replaced meanwhile.
func TestServersOverABroker(t *testing.T) {
	t.Parallel()
	at := broker(t)
	w, cfg := newWorld(t)
	cfg.AMQP = at
	front := servertest.Start(t, cfg, server.RoleCallback)
	workers := []*server.Server{servertest.Start(t, cfg, server.RoleWorker), servertest.Start(t, cfg, server.RoleWorker)}
	w.until("the broker is there", func() bool {
		_, body := servertest.Get(t, front, "/readyz")
		return strings.Contains(body, `"broker":"ok"`)
	})
	const followers, each = 2, 8 // few at once: four servers write to one SQLite file
	serials := make([]string, followers*each)
	var all sync.WaitGroup
	for f := range followers {
		all.Go(func() {
			for i := f * each; i < (f+1)*each; i++ {
				o := w.say(front, mockwechat.Message{
					OpenID: "oFollower000000000000000000" + strconv.Itoa(f+1), Content: "KT10", MsgID: strconv.Itoa(1000 + i), CreateTime: 1_700_000_000,
				})
				serials[i] = serialOf(t, o.Seen)
			}
		})
	}
	all.Go(func() {
		servertest.Stop(t, workers[0])
		workers[0] = servertest.Start(t, cfg, server.RoleWorker)
	})
	all.Wait()
	for _, serial := range serials {
		w.settled(serial)
	}
	for _, s := range append(workers, front) {
		w.until("it is drained", func() bool { return drained(t, s) })
	}
	for _, serial := range serials {
		if n := w.applied(serial); n != 1 {
			t.Errorf("order %s took effect %d times", serial, n)
		}
	}
	repeated := 0
	for _, c := range ledger[wl.Call](w, w.platform.ControlAddr()) {
		if c.Effect == wl.EffectRepeated {
			repeated++
		}
	}
	if repeated > 0 {
		t.Errorf("%d followers were told again: jobs were published or done twice", repeated)
	}
}

// A broker that is away costs time alone: the server starts, is ready and says
// so, and accepts orders, which wait in the outbox.
func TestWithoutBroker(t *testing.T) {
	t.Parallel()
	w, cfg := newWorld(t)
	over := cfg
	over.AMQP.URL = server.Secret("amqp://app:hunter2@" + deadport.Addr(t) + "/")
	s := servertest.Start(t, over)
	order := mockwechat.Message{OpenID: "oFollower0000000000000000001", Content: "KT10", MsgID: "77", CreateTime: 1_700_000_000}
	serial := serialOf(t, w.say(s, order).Seen)
	if status, body := servertest.Get(t, s, "/readyz"); status != 200 || !strings.Contains(body, `"broker":"away, and dispensable`) || strings.Contains(body, "hunter2") {
		t.Errorf("readyz: %d %s", status, body)
	}
	_, metrics := servertest.Get(t, s, "/metrics")
	for _, series := range []string{
		"oalab_outbox_rows 1", "oalab_dead_letters 0", `oalab_retention_removed_total{table="orders"} 0`, `oalab_queue_depth{queue="orders"} -1`, `oalab_broker_up{connection="publish"} 0`, `oalab_work_in_flight{queue="orders"} 0`,
	} {
		if !strings.Contains(metrics, "\n"+series+"\n") {
			t.Errorf("lacks %s", series)
		}
	}
	servertest.Stop(t, s)
	if n := w.applied(serial); n != 0 {
		t.Errorf("without a way to a worker the order took effect %d times", n)
	}
	servertest.Start(t, cfg) // the rows are there for a server with a queue of its own, too
	w.settled(serial)
}
