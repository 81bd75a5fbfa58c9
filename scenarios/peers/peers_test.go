package main

import (
	"bytes"
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/labstack/echo/v4"
	"github.com/silenceper/wechat/v2/officialaccount/message"
)

// sdkServer is the SDK's handler over a store.
func sdkServer(t *testing.T, store keep) string {
	t.Helper()
	e := echo.New()
	e.POST("/wechat/demo", withSDK(store))
	s := httptest.NewServer(e)
	t.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// TestDriverSpeaksAsThePlatform: a public SDK reads what the driver sends, and the driver
// what the SDK answers.
func TestDriverSpeaksAsThePlatform(t *testing.T) {
	hits, all := 0, 0
	addr := sdkServer(t, func(_ context.Context, m *message.MixMessage, _ string) (bool, error) {
		if all++; m.Content == hit {
			hits++
		}
		return false, nil
	})
	p, err := newPushes(addr, 1_700_000_000_000_000_000)
	if err != nil {
		t.Fatal(err)
	}
	c, err := dial(t.Context(), addr)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	for range 100 {
		if r := c.exchange(p.request(nil)); !r.good || r.err != nil {
			t.Fatalf("%+v", r)
		}
	}
	if all != 100 || hits != 60 {
		t.Errorf("%d of %d messages met the keyword, want 60 of 100", hits, all)
	}
}

// TestOpenLoadTellsTheWait: what a server keeps waiting counts from when it was due, and
// what was not begun is not forgotten.
func TestOpenLoadTellsTheWait(t *testing.T) {
	addr := sdkServer(t, func(context.Context, *message.MixMessage, string) (bool, error) {
		time.Sleep(50 * time.Millisecond) // two connections do 40 of the 200 a second that are due
		return false, nil
	})
	p, err := newPushes(addr, 1_700_000_000_000_000_000)
	if err != nil {
		t.Fatal(err)
	}
	got, err := drive(t.Context(), addr, p, shape{conns: 2, rate: 200}, time.Second)
	if err != nil || got.failed > 0 || got.undone < 50 || got.p99 < 500*time.Millisecond {
		t.Errorf("%+v, %v; want a p99 of more than 500 ms and messages that were never begun", got, err)
	}
}

func TestTable(t *testing.T) {
	one := func(perS float64, p99 time.Duration) sample {
		return sample{perS: perS, p50: p99 / 2, p99: p99, cpu: 0.1}
	}
	all := map[string]measured{
		peerSDK:    {shapeClosed: {one(100, 4), one(300, 4), one(200, 4)}},
		peerByHand: {shapeClosed: {one(50, 2*time.Millisecond)}},
		peerOurs:   {shapeClosed: {one(150, 3*time.Millisecond), one(170, 3*time.Millisecond)}, shapeOverload: {one(144, 1)}},
	}
	var out bytes.Buffer
	if err := printTable(&out, all); err != nil {
		t.Fatal(err)
	}
	for _, want := range [][]string{
		{peerSDK, "200", "1.00"}, {peerOurs, "160", "1.50", "3.00", "0.80", "1.50"}, {peerOurs, "144", "0.90"},
	} {
		found := false
		for line := range strings.Lines(out.String()) {
			cells := strings.Fields(line)
			found = found || len(cells) > 0 && cells[0] == want[0] && contains(cells, want[1:])
		}
		if !found {
			t.Errorf("no line with %v in\n%s", want, &out)
		}
	}
}

// contains reports whether the cells hold all that is wanted, in any order.
func contains(cells, want []string) bool {
	have := make(map[string]bool)
	for _, c := range cells {
		have[c] = true
	}
	for _, w := range want {
		if !have[w] {
			return false
		}
	}
	return true
}
