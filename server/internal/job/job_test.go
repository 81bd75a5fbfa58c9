package job_test

import (
	"context"
	"errors"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

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
	gift := job.Type{Kind: "gift", Queue: "gifts"}
	env, err := gift.New("S1", payload{7}, time.Now())
	if err != nil || env.Key != "gift:S1" || env.Queue != "gifts" {
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
	if _, err := gift.New("S1", make(chan int), time.Now()); err == nil {
		t.Error("a channel was encoded")
	}
}

// TestHandled: each declared type has one handler, and none is left over.
func TestHandled(t *testing.T) {
	t.Parallel()
	declared := job.Catalogue{{Kind: "gift", Queue: "gifts", Places: 3, RepeatHarmless: true}, {Kind: "card", Queue: "cards", Places: 1}}
	var done []string
	handler := func(k job.Kind) job.Type {
		return job.Type{
			Kind:   k,
			Handle: func(context.Context, job.Envelope) error { done = append(done, "handle "+string(k)); return nil },
			End:    func(context.Context, job.Envelope, error) error { done = append(done, "end "+string(k)); return nil },
		}
	}
	got, err := declared.Handled(job.Catalogue{handler("card"), handler("gift")})
	if err != nil || len(got) != 2 || got[0].Places != 3 || !got[0].RepeatHarmless || got[1].Queue != "cards" {
		t.Fatalf("%+v, %v", got, err)
	}
	_ = got[0].Handle(t.Context(), job.Envelope{})
	_ = got[1].End(t.Context(), job.Envelope{}, nil)
	if diff := cmp.Diff([]string{"handle gift", "end card"}, done); diff != "" {
		t.Errorf("-want +got\n%s", diff)
	}
	for want, given := range map[string]job.Catalogue{
		`job type "card": it is declared and has no handler`:    {handler("gift")},
		`job type "gift": it is declared and has no handler`:    {handler("card"), {Kind: "gift"}},
		`job type "tell": it has a handler and is not declared`: {handler("gift"), handler("card"), handler("tell")},
		`job type "gift": it has two handlers`:                  {handler("gift"), handler("card"), handler("gift")},
	} {
		if _, err := declared.Handled(given); err == nil || err.Error() != want {
			t.Errorf("%v, want %s", err, want)
		}
	}
}

func TestCatalogue(t *testing.T) {
	gift, card := job.Type{Kind: "gift", Queue: "gifts", Places: 3}, job.Type{Kind: "card", Queue: "cards", Places: 1}
	c := job.Catalogue{gift, card}
	if err := c.Validate(); err != nil {
		t.Error(err)
	}
	if diff := cmp.Diff([]string{"gifts", "cards"}, c.Queues()); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(map[string]int{"gifts": 3, "cards": 1}, c.Places()); diff != "" {
		t.Error(diff)
	}
	if found, ok := c.Find("card"); !ok || found.Queue != "cards" {
		t.Errorf("found %+v, %t", found, ok)
	}
	if _, ok := c.Find("tell"); ok {
		t.Error("found a type that is not there")
	}
	for name, bad := range map[string]job.Catalogue{
		"no kind":   {{Queue: "gifts"}},
		"no queue":  {{Kind: "gift"}},
		"one kind":  {gift, {Kind: "gift", Queue: "others"}},
		"one queue": {gift, {Kind: "other", Queue: "gifts"}},
	} {
		if err := bad.Validate(); err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}
