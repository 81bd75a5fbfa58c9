package rabbit

import (
	"context"
	"crypto/rand"
	"flag"
	"log/slog"
	"net"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	amqp "github.com/rabbitmq/amqp091-go"
	"go.uber.org/goleak"

	"oalab/server/internal/job"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/queuetest"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// amqpURL points the tests at a RabbitMQ broker. Each test has queues of its own
// there and deletes them.
var amqpURL = flag.String("amqp-url", "", "address of a RabbitMQ broker to run the tests on; also $OALAB_TEST_AMQP_URL")

// patience bounds each wait of a test.
const patience = 20 * time.Second

// brokerURL returns the broker's address. Without one the test is skipped loudly,
// or fails where OALAB_REQUIRE asks for it.
func brokerURL(t testing.TB) string {
	t.Helper()
	if *amqpURL != "" {
		return *amqpURL
	}
	if address := os.Getenv("OALAB_TEST_AMQP_URL"); address != "" {
		return address
	}
	const remedy = "no RabbitMQ here: the queue over a broker is not tested. Remedy: start RabbitMQ 4 and set " +
		"OALAB_TEST_AMQP_URL=amqp://user:password@host:5672/, or give -amqp-url"
	if slices.Contains(strings.Split(os.Getenv("OALAB_REQUIRE"), ","), "docker") {
		t.Fatal(remedy + "\nOALAB_REQUIRE names docker, so this may not be skipped")
	}
	t.Skip("SKIPPED: " + remedy)
	return ""
}

// brokerNodes are the further nodes of a broker that `oalab up stores --redundant` has
// started; none of another one.
func brokerNodes() []string {
	return strings.FieldsFunc(os.Getenv("OALAB_TEST_AMQP_NODES"), func(r rune) bool { return r == ',' })
}

// rig is a queue at a broker, with what a test may do to it.
type rig struct {
	*Queue
	t     testing.TB
	cfg   Config
	admin *amqp.Connection
	log   *lockedText

	mu    sync.Mutex
	conns []net.Conn
}

// newRig opens queues that end with the test; change may alter the configuration.
func newRig(t testing.TB, change func(*Config)) *rig {
	t.Helper()
	r := &rig{t: t, log: &lockedText{}}
	r.cfg = Config{URL: brokerURL(t), Nodes: brokerNodes(), Prefix: "oalab-test." + rand.Text()[:12] + ".", Dial: r.dial}
	if change != nil {
		change(&r.cfg)
	}
	var err error
	if r.admin, err = amqp.Dial(brokerURL(t)); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		r.Close()
		ch := r.channel()
		for _, at := range r.atBroker() {
			if _, err := ch.QueueDelete(at, false, false, false); err != nil {
				t.Error(err)
			}
		}
		if err := r.admin.Close(); err != nil {
			t.Error(err)
		}
		if t.Failed() {
			t.Logf("log:\n%s", r.log)
		}
	})
	r.open()
	return r
}

func (r *rig) open() {
	r.t.Helper()
	var err error
	log := slog.New(slog.NewTextHandler(r.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	if r.Queue, err = New(r.cfg, queuetest.Types().Queues(), log, nil); err != nil {
		r.t.Fatal(err)
	}
}

// dial remembers its connections, so that they can be cut.
func (r *rig) dial(ctx context.Context, network, address string) (net.Conn, error) {
	conn, err := (&net.Dialer{}).DialContext(ctx, network, address)
	if err == nil {
		r.mu.Lock()
		defer r.mu.Unlock()
		r.conns = append(r.conns, conn)
	}
	return conn, err
}

// cut tears all connections as a kill does: the broker gets a reset, not a farewell.
func (r *rig) cut() {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, c := range r.conns {
		if tcp, ok := c.(*net.TCPConn); ok {
			_ = tcp.SetLinger(0)
		}
		_ = c.Close()
	}
	r.conns = nil
}

// channel opens a channel of a connection that is not the queue's.
func (r *rig) channel() *amqp.Channel {
	r.t.Helper()
	ch, err := r.admin.Channel()
	if err != nil {
		r.t.Fatal(err)
	}
	return ch
}

// put publishes a body past the queue.
func (r *rig) put(at, body string, headers amqp.Table) {
	r.t.Helper()
	ch := r.channel()
	if err := ch.Confirm(false); err != nil {
		r.t.Fatal(err)
	}
	confirm, err := ch.PublishWithDeferredConfirm("", r.cfg.Prefix+at, true, false,
		amqp.Publishing{DeliveryMode: amqp.Persistent, Body: []byte(body), Headers: headers})
	if err != nil || !confirm.Wait() {
		r.t.Fatalf("put into %s: %v", at, err)
	}
}

// until waits for a condition.
func (r *rig) until(what string, ok func() bool) {
	r.t.Helper()
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for deadline := time.After(patience); !ok(); {
		select {
		case <-tick.C:
		case <-deadline:
			r.t.Fatalf("waited in vain: %s", what)
		}
	}
}

// take takes one message out of a queue at the broker.
func (r *rig) take(at string) amqp.Delivery {
	r.t.Helper()
	var got amqp.Delivery
	ch := r.channel()
	r.until("a message in "+at, func() bool {
		d, ok, err := ch.Get(r.cfg.Prefix+at, true)
		if err != nil {
			r.t.Fatal(err)
		}
		got = d
		return ok
	})
	return got
}

func (r *rig) publish(kind job.Kind, n int) {
	r.t.Helper()
	if err := r.Publish(r.t.Context(), queuetest.Job(kind, n)); err != nil {
		r.t.Fatal(err)
	}
}

func (r *rig) receive(name string) queue.Delivery {
	r.t.Helper()
	ctx, cancel := context.WithTimeout(r.t.Context(), patience)
	defer cancel()
	d, err := r.Receive(ctx, name)
	if err != nil {
		r.t.Fatalf("receive from %s: %v", name, err)
	}
	return d
}

func (r *rig) figures(name string) queue.Figures {
	r.t.Helper()
	var f queue.Figures
	r.until("figures of "+name, func() (ok bool) {
		var err error
		f, err = r.Figures(r.t.Context(), name)
		return err == nil
	})
	return f
}

// unattended waits until the broker has seen the end of all consumers of a queue, and
// so has taken back what they had, and returns how many messages are there.
func (r *rig) unattended(at string) int {
	r.t.Helper()
	ch := r.channel()
	var state amqp.Queue
	r.until("no consumer of "+at, func() bool {
		var err error
		if state, err = ch.QueueDeclarePassive(r.cfg.Prefix+at, true, false, false, false, amqp.Table{amqp.QueueTypeArg: amqp.QueueTypeQuorum}); err != nil {
			r.t.Fatal(err)
		}
		return state.Consumers == 0
	})
	return state.Messages
}

// empty waits until nothing is left, here and at the broker.
func (r *rig) empty() {
	r.t.Helper()
	for _, n := range queuetest.Types().Queues() {
		r.until(n+" is empty", func() bool {
			f := r.figures(n)
			return f.Depth+f.InFlight == 0
		})
	}
}

// lockedText is a text that is written to by many.
type lockedText struct {
	mu sync.Mutex
	b  strings.Builder
}

// Write implements io.Writer.
func (l *lockedText) Write(p []byte) (int, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.Write(p)
}

// String returns what was written.
func (l *lockedText) String() string {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.b.String()
}

// system is the broker as the conformance suite sees it.
type system struct{ *rig }

func TestConformance(t *testing.T) {
	queuetest.Run(t, func(t *testing.T) queuetest.System {
		t.Helper()
		return system{newRig(t, nil)}
	})
}

func (s system) Submit(ctx context.Context, env job.Envelope) error { return s.Publish(ctx, env) }

func (s system) Consumer() queue.Consumer { return s.Queue }

func (s system) Durable() bool { return true }

// Restart kills this process, as far as the broker can see.
func (s system) Restart() {
	s.cut()
	s.Close()
	s.open()
}

func (s system) Figures(name string) queue.Figures { return s.figures(name) }

func (s system) Stored() int {
	sum := 0
	for _, n := range queuetest.Types().Queues() {
		f := s.figures(n)
		sum += f.Depth + f.InFlight
	}
	return sum
}
