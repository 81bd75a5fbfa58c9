package business_test

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"go.uber.org/goleak"

	"oalab/server/carrier"
	"oalab/server/internal/binding"
	"oalab/server/internal/business"
	"oalab/server/internal/carrierapi"
	"oalab/server/internal/job"
	"oalab/server/internal/message"
	"oalab/server/internal/outbox"
	"oalab/server/internal/queue"
	"oalab/server/internal/queue/memqueue"
	"oalab/server/internal/reply"
	"oalab/server/internal/wechatapi"
	"oalab/server/internal/worker"
	"oalab/server/wechat"
)

// localOffset is the environment variable with the offset of time.Local, in seconds east of
// UTC, for a process of its own (inZone).
const localOffset = "OALAB_TEST_LOCAL_OFFSET"

func TestMain(m *testing.M) {
	if east, err := strconv.Atoi(os.Getenv(localOffset)); err == nil {
		time.Local = time.FixedZone("test", east)
	}
	goleak.VerifyTestMain(m)
}

// inZone runs the calling test once more, in a process with another time.Local. A timer reads
// time.Local whenever it fires, so it may not be changed while a process runs.
func inZone(t *testing.T, east time.Duration) {
	t.Helper()
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	name, _, _ := strings.Cut(t.Name(), "/")
	cmd := exec.CommandContext(t.Context(), self, "-test.run=^"+name+"$", "-test.count=1")
	cmd.Env = append(os.Environ(), localOffset+"="+strconv.Itoa(int(east.Seconds())))
	if said, err := cmd.CombinedOutput(); err != nil || !strings.Contains(string(said), "PASS") {
		t.Errorf("in a process %v east of UTC: %v\n%s", east, err, said)
	}
}

const (
	account  = "demo"
	follower = "oFollower"
	phone    = "13800000000"
)

// outage is an error of the given class at the carrier.
func outage(class carrierapi.Class, notSent bool) error {
	return &carrierapi.Error{Op: "test", Class: class, NotSent: notSent, Err: syscall.ECONNREFUSED}
}

// world is everything that outlives a process: the carrier, the platform, and
// the database file. It counts what really happened.
type world struct {
	path   string
	dedup  bool
	broker *broker // nil: the processes have queues of their own

	mu       sync.Mutex
	applied  map[string]int    // by product and phone
	serials  map[string]string // serial → state at the carrier
	told     map[string]int    // template messages that reached the follower, by client_msg_id
	sms      map[string]int
	customs  []string
	called   []string       // operations whose state was asked for
	calling  map[string]int // OrderProduct calls under way, by serial
	together int            // most calls under way at once for one serial

	// onOrder may change what one OrderProduct call does; nil applies and answers.
	onOrder func(call int, serial string, apply func()) error
	// onState may change what QueryOrder answers.
	onState func(call int, serial string) (carrier.State, error)
	onUsage func(ctx context.Context, call int) error
	onTell  func(call int) error
	onSMS   func() error
	// onCustom may refuse a customer-service message.
	onCustom func(call int) error
	tries    int                // of customer-service messages
	texts    []string           // of SMS
	sent     wechatapi.Template // the last one
	orders   int
	states   int
	usages   int
	tells    int
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{
		path: filepath.Join(t.TempDir(), "core.db"), dedup: true, applied: map[string]int{}, serials: map[string]string{},
		told: map[string]int{}, sms: map[string]int{}, calling: map[string]int{},
	}
	db := openDB(t, w.path)
	defer db.close(t)
	codes, err := db.orders.Seed(account, []business.Code{
		{Code: "1.3", Sort: business.SortQuery, Name: "剩余流量", Commands: []string{"CXLL"}, MenuKey: "Q_DATA", Operation: "QueryUsage"},
		{Code: "1.4", Sort: business.SortQuery, Name: "日账单", Commands: []string{"CXRZD"}, Operation: "QueryBillDay"},
		{Code: "2.1.1", Sort: business.SortOrder, Name: "10元流量包", Commands: []string{"KT10"}, MenuKey: "O_10", Product: "P10"},
	}, false)
	if err == nil {
		_, err = db.engine.Seed(t.Context(), false, codes, db.bindings.Seed(account, []binding.Binding{{OpenID: follower, Phone: phone}}, false))
	}
	if err != nil {
		t.Fatal(err)
	}
	return w
}

func (w *world) effects() int {
	w.mu.Lock()
	defer w.mu.Unlock()
	n := 0
	for _, k := range w.applied {
		n += k
	}
	return n
}

func (w *world) tellings() (distinct, template, sms int) {
	w.mu.Lock()
	defer w.mu.Unlock()
	for _, n := range w.told {
		template += n
	}
	for _, n := range w.sms {
		sms += n
	}
	return len(w.told) + len(w.sms), template, sms
}

// tap counts the steps of a process and kills it at one of them: from then on
// nothing that it does reaches the world.
type tap struct {
	at    int64
	steps atomic.Int64
	dead  atomic.Bool
}

var errKilled = errors.New("the process is dead")

func (t *tap) step() error {
	if t.dead.Load() {
		return errKilled
	}
	if n := t.steps.Add(1); t.at > 0 && n >= t.at {
		t.dead.Store(true)
		return errKilled
	}
	return nil
}

// through does one step to the world and one back.
func through[T any](t *tap, do func() (T, error)) (T, error) {
	var zero T
	if err := t.step(); err != nil {
		return zero, err
	}
	v, err := do()
	if dead := t.step(); dead != nil {
		return zero, dead
	}
	return v, err
}

func (t *tap) run(do func() error) error {
	_, err := through(t, func() (struct{}, error) { return struct{}{}, do() })
	return err
}

// process is one life of the server's business part.
type process struct {
	t       *testing.T
	world   *world
	tap     *tap
	db      *stores
	queue   *memqueue.Queue
	service *business.Service
	work    *worker.Worker
	reg     *prometheus.Registry
	cancel  context.CancelFunc
	running sync.WaitGroup
}

// plant puts something between the parts; nil functions put nothing.
type plant struct {
	store    func(business.Stores, queue.Publisher) business.Stores
	carrier  func(business.Carrier) business.Carrier
	consumer func(queue.Consumer, queue.Publisher) queue.Consumer
}

type options struct {
	killAt    int64
	dies      bool // the test kills it by itself
	plant     plant
	sweep     time.Duration // sweep_after; 0 means an hour
	noCarrier bool
	workers   int
	attempts  int           // max_attempts; 0 means 1000
	inline    time.Duration // inline_wait; 0 means 50 ms
	replies   reply.Cache
	recent    business.Recent
	results   map[string]business.ResultTemplate
	zone      *time.Location
}

func (w *world) start(t *testing.T, o options) *process {
	t.Helper()
	log := slog.New(slog.DiscardHandler)
	p := &process{t: t, world: w, tap: &tap{at: o.killAt}, db: openDB(t, w.path), reg: prometheus.NewRegistry()}
	store := &tappedStore{stores: p.db, tap: p.tap}
	var err error
	check := func() {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	p.queue, err = memqueue.New(memqueue.Config{}, business.JobTypes(business.Places{}).Queues(), nil)
	check()
	var to queue.Publisher = p.queue
	var from queue.Consumer
	if w.broker != nil {
		link := &brokerLink{w.broker, p.tap}
		to, from = link, link
	}
	relay := outbox.New(outbox.Config{UntilAck: w.broker == nil, Poll: 20 * time.Millisecond}, store, to, business.JobTypes(business.Places{}).Queues(), log)
	if from == nil {
		from = relay.Consumer(p.queue)
	}
	p.db.engine.OnOutbox(relay.Announce)
	if o.sweep == 0 {
		o.sweep = time.Hour
	}
	// A process that will be killed leaves leases behind, which the next one has to
	// wait out. Any other lease must outlast whatever a busy machine does to a step.
	timeout, margin := 10*time.Second, 10*time.Second
	if o.killAt > 0 || o.dies {
		timeout, margin = 60*time.Millisecond, 60*time.Millisecond
	}
	cfg := business.Config{
		Results: o.results, InlineWait: cmp.Or(o.inline, 50*time.Millisecond), Replies: o.replies, Recent: o.recent, CarrierTimeout: timeout, LeaseMargin: margin,
		SweepEvery: 20 * time.Millisecond, SweepAfter: o.sweep,
		Zone: o.zone, Places: business.Places{Orders: cmp.Or(o.workers, 4), Queries: 2, Tells: 2},
	}
	if w.broker != nil {
		cfg.Tells, cfg.Holding, cfg.RetryMax = to, to.(*brokerLink), 20*time.Millisecond
	}
	var c business.Carrier = &fakeCarrier{world: w, tap: p.tap}
	if o.noCarrier {
		c = nil
	}
	kept := business.Stores{Orders: store, Replies: store, Phones: store, Waiting: store}
	if o.plant.store != nil {
		kept = o.plant.store(kept, p.queue)
	}
	if o.plant.carrier != nil {
		c = o.plant.carrier(c)
	}
	if o.plant.consumer != nil {
		from = o.plant.consumer(from, p.queue)
	}
	p.service, err = business.New(cfg, kept, c, &fakePlatform{world: w, tap: p.tap}, log, p.reg)
	check()
	err = p.service.Reload(t.Context())
	check()
	p.work, err = worker.New(worker.Config{
		RetryBase: 5 * time.Millisecond, RetryMax: 20 * time.Millisecond, MaxAttempts: cmp.Or(o.attempts, 1000),
	}, from, p.service.Jobs(), log, nil)
	check()
	var ctx context.Context
	ctx, p.cancel = context.WithCancel(context.WithoutCancel(t.Context()))
	p.running.Go(func() { _ = relay.Run(ctx) })
	p.running.Go(func() { _ = p.service.Sweep(ctx) })
	p.work.Start()
	return p
}

// kill ends the process: nothing it still does has an effect.
func (p *process) kill() {
	p.tap.dead.Store(true)
	p.stop()
	if p.world.broker != nil {
		p.world.broker.lose()
	}
}

func (p *process) stop() {
	p.t.Helper()
	ended, cancel := context.WithCancel(context.WithoutCancel(p.t.Context()))
	cancel()
	_ = p.work.Stop(ended) // at once: the hard way
	p.cancel()
	p.running.Wait()
	p.queue.Close()
	p.db.close(p.t)
}

func (p *process) answer(key, text string) (message.Reply, error) {
	r, ok, err := p.service.Answer(p.t.Context(), business.Command{
		Account: account, OpenID: follower, Key: key, Text: text, At: time.Date(2026, 11, 21, 0, 0, 0, 0, time.UTC),
	})
	if !ok && err == nil {
		err = fmt.Errorf("%q is no command", text)
	}
	return r, err
}

func (p *process) mustAnswer(key, text string) message.Reply {
	p.t.Helper()
	r, err := p.answer(key, text)
	if err != nil {
		p.t.Fatal(err)
	}
	return r
}

// idle reports whether no job is stored or held.
func (p *process) idle() bool {
	p.t.Helper()
	rows, _ := p.db.backlog(p.t)
	return rows+p.held() == 0
}

func (p *process) held() int {
	held := 0
	for _, q := range business.JobTypes(business.Places{}).Queues() {
		f := p.queue.Figures(q)
		held += f.Depth + f.InFlight
	}
	if p.world.broker != nil {
		held += p.world.broker.held()
	}
	return held
}

// dead is how many dead letters a queue has.
func (p *process) dead(name string) int {
	if b := p.world.broker; b != nil {
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.dead[name]
	}
	return p.queue.Figures(name).Dead
}

// settled reports whether nothing is left to do.
func (p *process) settled() bool {
	p.t.Helper()
	rows, unfinished := p.db.backlog(p.t)
	return rows+unfinished+p.held() == 0
}

// until waits for a condition.
func until(t *testing.T, what string, ok func() bool) {
	t.Helper()
	deadline := time.After(20 * time.Second)
	tick := time.NewTicker(2 * time.Millisecond)
	defer tick.Stop()
	for !ok() {
		select {
		case <-deadline:
			t.Fatalf("in vain: %s", what)
		case <-tick.C:
		}
	}
}

// handle does one attempt at a job.
func handle(t *testing.T, s *business.Service, env job.Envelope) error {
	t.Helper()
	jobs, ok := s.Jobs().Find(env.Kind)
	if !ok {
		t.Fatalf("no type has the kind %s", env.Kind)
	}
	return jobs.Handle(t.Context(), env)
}

// defaults is a Config with the settings of an empty stanza.
func defaults() business.Config {
	s := business.DefaultSettings()
	return business.Config{
		InlineWait: 700 * time.Millisecond, CarrierTimeout: time.Duration(s.CarrierTimeout), SweepEvery: time.Duration(s.SweepEvery),
		SweepAfter: time.Duration(s.SweepAfter), RetryMax: time.Duration(s.RetryMax), Places: s.Places(),
	}
}

// words are what the follower reads at once, "" for nothing.
func words(r message.Reply) string {
	text, _ := r.Show.(wechat.TextReply)
	return text.Content
}
