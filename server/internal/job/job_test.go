package job_test

import (
	"errors"
	"fmt"
	"slices"
	"testing"
	"time"

	"oalab/server/internal/job"
)

func TestOutcomes(t *testing.T) {
	cause := errors.New("cause")
	tests := []struct {
		err    error
		giveUp bool
		delay  time.Duration
	}{
		{job.Retry(cause), false, 0},
		{fmt.Errorf("wrapped: %w", job.RetryAfter(time.Second, cause)), false, time.Second},
		{fmt.Errorf("wrapped: %w", job.GiveUp(cause)), true, 0},
		{cause, false, 0},
	}
	for _, tt := range tests {
		if job.IsGiveUp(tt.err) != tt.giveUp || job.Delay(tt.err) != tt.delay || !errors.Is(tt.err, cause) {
			t.Errorf("%v: gives up %t, delay %s", tt.err, job.IsGiveUp(tt.err), job.Delay(tt.err))
		}
	}
}

func TestEnvelope(t *testing.T) {
	type payload struct{ N int }
	env, err := job.New(job.KindTell, "S1", payload{7}, time.Now())
	if err != nil || env.Key != "tell:S1" {
		t.Fatalf("%+v, %v", env, err)
	}
	var got payload
	if err := env.Decode(&got); err != nil || got.N != 7 {
		t.Errorf("%+v, %v", got, err)
	}
	env.Payload = []byte("{")
	if err := env.Decode(&got); !job.IsGiveUp(err) {
		t.Errorf("a broken payload: %v, want a GiveUp", err)
	}
	if _, err := job.New(job.KindTell, "S1", make(chan int), time.Now()); err == nil {
		t.Error("a channel was encoded")
	}
}

func TestEachKindHasItsQueue(t *testing.T) {
	var got []string
	for _, k := range []job.Kind{job.KindOrder, job.KindQuery, job.KindTell} {
		got = append(got, k.Queue())
	}
	if !slices.Equal(got, job.Queues()) || job.Kind("gift").Queue() != "" {
		t.Errorf("queues %v, want %v", got, job.Queues())
	}
}

func TestDefects(t *testing.T) {
	for name, off := range map[string]bool{
		job.DefectAckBeforeCarrier: true, job.DefectNoOutbox: true, job.DefectNoSerial: false, job.DefectNoDedup: false,
	} {
		d := job.Defects{name}
		if !d.Has(name) || d.Has("other") || d.SweeperOff() != off {
			t.Errorf("%s: sweeper off %t, want %t", name, d.SweeperOff(), off)
		}
	}
	if job.Defects(nil).Has(job.DefectNoSerial) {
		t.Error("no defects have one")
	}
}
