package account

import (
	"net/http"
	"strings"

	"oalab/scenarios/history"
	"oalab/scenarios/stat"
)

// seriesRedisErrors counts the requests of a server that Redis did not answer well.
const seriesRedisErrors = "oalab_redis_errors_total"

// OfRedis reports whether a fault is one of the Redis that the servers share.
func OfRedis(fault string) bool { return strings.HasPrefix(fault, "redis-") }

// RedisBackS is how long after the end of a window servers still met a Redis that did not
// answer, in seconds: until the last sample in which the count of any server had risen, and
// before the next window begins that nextS names. It is known where a count rose since the
// window began.
func RedisBackS(a *history.Arm, w history.Window, nextS float64) (float64, bool) {
	over := w
	over.FromS, over.ToS = w.SinceS(), nextS
	last, rose := 0.0, false
	counts := map[source]float64{}
	for _, s := range a.Samples {
		if s.Error != "" || s.AtS > over.ToS || !SeriesMatches(s.Name, seriesRedisErrors) {
			continue
		}
		key := source{s.Probe, s.Name}
		before, seen := counts[key]
		counts[key] = s.Value
		if seen && s.AtS >= over.FromS && s.Value > before {
			last, rose = max(last, s.AtS), true
		}
	}
	return max(0, last-w.ToS), rose
}

// AnsweredIn counts the tries that started in a window, and those of them that a server
// answered with 200, in time or not.
func AnsweredIn(a *history.Arm, w history.Window) (tries, answered int) {
	for _, d := range a.Deliveries {
		if Ours(a, d) && w.Contains(a.Seconds(d.At)) {
			tries++
			answered += stat.Indicator(d.Status == http.StatusOK)
		}
	}
	return tries, answered
}
