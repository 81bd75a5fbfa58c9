package scenarios

import (
	"slices"
	"time"

	"oalab/chaos"
	"oalab/scenarios/check"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// RedisFaults takes what Redis has, keeps it away, lets it be slow, and makes a replica the
// primary that misses the last writes, while replies are slow: messages whose reply Redis has
// lost are delivered again.
func RedisFaults() Scenario {
	s := PlatformRetries()
	main, control := s.Arms[0], s.Arms[1]
	main.Load, main.Faults = retriesLoad(redisLength), redisFaultList
	main.Checkers = []check.Checker{
		check.Replies{Min: 300, EachKind: 5, Elsewhere: 200},
		check.Orders{Min: 80, MinPerWindow: map[string]int{faultRepliesSlow: 50, faultRedisFlush: 20, faultRedisFailover: 20, "redis-cut": 10, faultRedisSlow: 10}},
		check.HandedOver{Min: 20},
	}
	for _, fault := range []string{faultRedisFlush, faultRedisFailover, "redis-cut", faultRedisSlow} {
		main.Objectives = append(slices.Clip(main.Objectives), judge.Objective{Figure: "tries_200_ratio/" + fault, Relation: ">=", Limit: 1, MinN: 50})
	}
	for _, fault := range []string{"redis-cut", faultRedisSlow} {
		main.Objectives = append(main.Objectives, judge.Objective{Figure: "redis_back_s/" + fault, Relation: "<=", Limit: redisBackS, MinN: 1})
	}
	return Scenario{
		Name:       "redis-faults",
		Title:      "Redis is flushed, loses its last writes in a failover, is cut off and is slow: nothing acknowledged is lost or done twice, and each message keeps its reply",
		Source:     "SCN-11, MSG-6, STO-5; architecture 4",
		Topologies: []string{Embedded},
		Limits: append([]string{
			"A Redis of its own: one in the harness's process stands in for it. Its replica is a copy of what it had when the replication broke.",
		}, s.Limits...),
		Arms: []Arm{main, control},
	}
}

// The time line of redis-faults. Replies are slow from repliesSlowAt to 10.5 s. A message has
// its next try 5 s later: after a slow Redis, after the flush, after the failover, and without
// Redis.
const (
	faultRedisFlush    = "redis-flush"
	faultRedisFailover = "redis-failover"
	faultRedisSlow     = "redis-slow"

	redisLength = 15 * time.Second
	// redisBackS is within how many seconds servers use a Redis again that is well. They leave
	// it alone for half a second after it failed, and then one of them tries.
	redisBackS = 3
)

func redisFaultList(Size) []Fault {
	return []Fault{
		repliesSlow(repliesSlowAt, repliesSlowFor),
		redisSlow(2500*time.Millisecond, 2*time.Second),
		// These two last until the messages come again whose replies they took.
		redisFlush(5*time.Second, 5*time.Second),
		redisFailover(6500*time.Millisecond, 6*time.Second),
		redisAway(13*time.Second, 1400*time.Millisecond),
	}
}

// missed are replies that the database had and Redis did not.
func missed(least int) judge.Effect {
	return judge.Effect{What: "replies that Redis had lost", Min: least, Count: judge.CounterRose(`oalab_cache_requests_total{cache="replies",result="miss"}`)}
}

func redisFlush(at, length time.Duration) Fault {
	return ofRedis(faultRedisFlush, at, length, topology.RedisData.FlushRedis, missed(10))
}

func redisSlow(at, length time.Duration) Fault {
	return ofRedis(faultRedisSlow, at, length, topology.RedisData.SlowRedis, judge.Effect{
		What: "requests that Redis answered too late", Min: 5, Count: judge.CounterRose("oalab_redis_errors_total"),
	})
}

func redisFailover(at, length time.Duration) Fault {
	return ofRedis(faultRedisFailover, at, length, topology.RedisData.FailOverRedis, missed(10))
}

// ofRedis places a fault of the data of Redis.
func ofRedis(name string, at, length time.Duration, of func(topology.RedisData, string) (chaos.Fault, error), effect judge.Effect) Fault {
	effect.Fault = name
	return Fault{
		Name: name, At: at, For: length, Jitter: phase, Target: topology.LinkRedis, Effect: effect,
		Needs: []topology.Need{{Power: topology.PowerRedisData}},
		Make: func(s topology.System) (chaos.Fault, error) {
			r, err := topology.RedisDataOf(s)
			if err != nil {
				return nil, err
			}
			return of(r, name)
		},
	}
}

// redisMutants are the drills of servers that trust Redis alone (CHA-7). There is no arm of slow
// replies alone: on a busy machine Redis answers later than the servers wait, which is a fault.
func redisMutants() []Scenario {
	s := retryMutant("dedup-in-redis-alone", judge.Violate("orders", "replies", "handed-over"))
	s.Title = "Servers with the planted defect dedup-in-redis-alone are found when Redis is flushed, and pass otherwise"
	s.Source = "CHA-7, SCN-11"
	slow, flush := s.Arms[0].Faults(Short)[0], redisFlush(4500*time.Millisecond, 4*time.Second)
	flush.Effect.Min = 0 // with the defect no server knows that Redis has lost a reply
	s.Arms[0].Faults = func(Size) []Fault { return []Fault{slow, flush} }
	return []Scenario{s}
}
