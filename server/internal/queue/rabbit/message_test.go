package rabbit

import (
	"encoding/json"
	"math"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	amqp "github.com/rabbitmq/amqp091-go"

	"oalab/server/internal/job"
	"oalab/server/internal/queue/queuetest"
)

func TestParse(t *testing.T) {
	want := queuetest.Job(queuetest.KindOrder, 1)
	m, err := encode(want)
	if err != nil {
		t.Fatal(err)
	}
	got, err := parse(queuetest.QueueOrders, m.body)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for name, body := range map[string]string{
		"empty":             "",
		"no JSON":           "hello",
		"cut":               string(m.body[:len(m.body)-1]),
		"a list":            "[]",
		"no key":            `{"kind":"order"}`,
		"a time of no form": `{"key":"order:1","kind":"order","created":"soon"}`,
	} {
		if _, err := parse(queuetest.QueueOrders, []byte(body)); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := encode(job.Envelope{Key: "k", Payload: json.RawMessage("{")}); err == nil {
		t.Error("a broken payload was encoded")
	}
}

func TestHeaders(t *testing.T) {
	for name, tt := range map[string]struct {
		headers  amqp.Table
		attempts int
		waiting  time.Duration
	}{
		"none":           {nil, 0, 0},
		"ours":           {amqp.Table{attemptHeader: int64(3), waitHeader: int64(1500)}, 3, 1500 * time.Millisecond},
		"the broker's":   {amqp.Table{attemptHeader: int64(3), countHeader: int32(2)}, 5, 0},
		"other widths":   {amqp.Table{attemptHeader: uint8(3), countHeader: int16(2), waitHeader: uint32(7)}, 5, 7 * time.Millisecond},
		"negative":       {amqp.Table{attemptHeader: int64(-3), waitHeader: int64(math.MinInt64)}, 0, 0},
		"text":           {amqp.Table{attemptHeader: "3", waitHeader: 1.5}, 0, 0},
		"beyond measure": {amqp.Table{attemptHeader: int64(math.MaxInt64), countHeader: int64(math.MaxInt64)}, math.MaxInt32, 0},
	} {
		if a, w := attempts(tt.headers), waiting(tt.headers); a != tt.attempts || w != tt.waiting {
			t.Errorf("%s: %d attempts, %s to wait; want %d, %s", name, a, w, tt.attempts, tt.waiting)
		}
	}
	if w := waiting(amqp.Table{waitHeader: int64(math.MaxInt64)}); w < 24*365*time.Hour {
		t.Errorf("an endless wait is %s", w)
	}
	for d, want := range map[time.Duration]int64{0: 0, 1: 1, time.Millisecond: 1, time.Millisecond + 1: 2, time.Hour: 3_600_000} {
		if got := inMillis(d); got != want {
			t.Errorf("%s are %d ms, want %d", d, got, want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	for address, ok := range map[string]bool{
		"amqp://app:app@127.0.0.1:5672/": true, "amqps://mq.example.org/v%2fhost": true, "amqp://mq": true,
		"": false, "mq:5672": false, "http://u:hunter2@mq/": false, "amqp://": false, "amqp://u:hunter2@mq:port/": false,
		"amqp://u:hunter2@mq/?heartbeat=often": false,
	} {
		err := CheckURL(address)
		if (err == nil) != ok {
			t.Errorf("%q: %v", address, err)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("shows the password: %v", err)
		}
	}
}

// FuzzParse: whatever comes, it is a job of its queue or an error, and no header
// makes a number that cannot be counted on.
func FuzzParse(f *testing.F) {
	m, err := encode(queuetest.Job(queuetest.KindOrder, 1))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(m.body, int64(3), int64(1500))
	f.Add([]byte(`{"key":"k","kind":"order","payload":null}`), int64(-1), int64(math.MinInt64))
	f.Add([]byte(`{"id":1e3}`), int64(math.MaxInt64), int64(math.MaxInt64))
	f.Fuzz(func(t *testing.T, body []byte, attempt, wait int64) {
		headers := amqp.Table{attemptHeader: attempt, countHeader: attempt, waitHeader: wait}
		if n := attempts(headers); n < 0 || n+1 < 1 {
			t.Errorf("%d attempts", n)
		}
		if w := waiting(headers); w < 0 {
			t.Errorf("a wait of %s", w)
		}
		env, err := parse(queuetest.QueueOrders, body)
		if err != nil {
			return
		}
		if env.Key == "" || env.Kind != queuetest.KindOrder {
			t.Errorf("accepted %+v", env)
		}
		again, err := encode(env)
		if err != nil {
			t.Fatalf("cannot be written again: %v", err)
		}
		if _, err := parse(queuetest.QueueOrders, again.body); err != nil {
			t.Errorf("cannot be read again: %v", err)
		}
	})
}
