package figure

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"oalab/scenarios/history"
	"oalab/scenarios/lab"
)

// TestFiguresOfRedis: how soon Redis is used again ends with the next fault of Redis, and
// deliveries count by what a server answered, not by what came in time.
func TestFiguresOfRedis(t *testing.T) {
	l := lab.New()
	l.Window("redis-cut", 10, 14)
	l.Window("redis-slow", 20, 22)
	l.Window("reply-slow", 5, 25)
	count := 0.0
	for s := 8.0; s < 30; s++ {
		switch s {
		case 11, 12, 15, 21:
			count += 3
		}
		l.Samples = append(l.Samples, history.Sample{AtS: s, Probe: "server.metrics", Name: "oalab_redis_errors_total", Value: count})
	}
	l.Send(history.KindText, 11, lab.LostTry("success"), lab.OKTry("success")) // at 11 and 16
	l.Send(history.KindText, 12, lab.StatusTry(503), lab.OKTry("success"))
	l.Send(history.KindText, 21, lab.OKTry("success"))
	lab.Seal(l.Arm)
	got := map[string]float64{}
	for _, f := range All(l.Arm, l.Record.Windows) {
		switch f.Name {
		case "redis_back_s/redis-cut", "redis_back_s/redis-slow", "tries_200_ratio/redis-cut", "tries_200_ratio/redis-slow", "tries_200_ratio/reply-slow":
			got[f.Name] = f.Value
		}
	}
	want := map[string]float64{"redis_back_s/redis-cut": 1, "redis_back_s/redis-slow": 0, "tries_200_ratio/redis-cut": 0.5, "tries_200_ratio/redis-slow": 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
