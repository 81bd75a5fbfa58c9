package scenarios

import (
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/chaos/upstream"
	"oalab/scenarios/history"
	"oalab/scenarios/judge"
	"oalab/scenarios/topology"
)

// Targets of the embedded topology.
const (
	TargetServer               = topology.EmbeddedServer
	TargetCarrier chaos.Target = "mockcarrier"
	TargetPusher  chaos.Target = "platform-oaserver"
	TargetAPI     chaos.Target = "mockwechat"
)

// The platform's APIs that the server calls.
const (
	apiStableToken = "/cgi-bin/stable_token"
	apiToken       = "/cgi-bin/token"
	apiTemplate    = "/cgi-bin/message/template/send"
	apiCustom      = "/cgi-bin/message/custom/send"
)

// carrierSlow makes every carrier call take a log-normal time.
func carrierSlow(at, length time.Duration, medianS, sigma float64) Fault {
	return Fault{
		Name: "carrier-slow", At: at, For: length, Jitter: phase, Target: TargetCarrier,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.CarrierRules().Fault("carrier-slow", TargetCarrier,
				upstream.Rule{Latency: &upstream.Latency{Dist: "lognormal", MedianS: medianS, Sigma: sigma}}), nil
		},
		Effect: judge.Effect{Fault: "carrier-slow", What: "slow carrier calls", Min: 20, Count: judge.CarrierSlow(medianS / 2)},
	}
}

// carrierDown cuts the link to the carrier: new connections are refused.
func carrierDown(at, length time.Duration) Fault {
	return Fault{
		Name: "carrier-down", At: at, For: length, Jitter: phase, Target: topology.LinkCarrier,
		Needs: []topology.Need{topology.OnLink(topology.LinkCarrier)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.Proxies().Fault("carrier-down", topology.LinkCarrier, network.Cut()), nil
		},
		Effect: judge.Effect{
			Fault: "carrier-down", What: "refused carrier connections", Min: 5,
			Count: judge.CounterRose(`oalab_carrier_errors_total{class="refused"}`),
		},
	}
}

// answerLost lets the carrier do half of the orders and keeps its answers back.
func answerLost(at, length time.Duration) Fault {
	return Fault{
		Name: "answer-lost", At: at, For: length, Jitter: phase, Target: TargetCarrier,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.CarrierRules().Fault("answer-lost", TargetCarrier,
				upstream.Rule{Match: upstream.Match{Op: "OrderProduct"}, Share: 0.5, Action: upstream.ActionAnswerLost}), nil
		},
		Effect: judge.Effect{Fault: "answer-lost", What: "carrier answers not given", Min: 10, Count: judge.CarrierUnanswered},
	}
}

// replyLost black-holes a share of the server's answers to the platform, which
// therefore waits its 5 s and tries again (MSG-5, SCN-14).
func replyLost(at, length time.Duration, share float64) Fault {
	return Fault{
		Name: "reply-lost", At: at, For: length, Jitter: phase, Target: TargetPusher,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.PlatformRules().Fault("reply-lost", TargetPusher,
				upstream.Rule{Match: upstream.Match{Path: "push"}, Share: share, Action: upstream.ActionAnswerLost}), nil
		},
		Effect: judge.Effect{Fault: "reply-lost", What: "tries whose reply was lost", Min: 50, Count: judge.TriesLost},
	}
}

// killFor is how long a killed server stays down: at least 2 s by contract.
const killFor = 2500 * time.Millisecond

// platformReset breaks the connection of a share of the calls to the platform's APIs before
// anything is done. Messages that the platform pushes are not touched.
func platformReset(at, length time.Duration, share float64, paths ...string) Fault {
	rules := make([]upstream.Rule, 0, len(paths))
	for _, path := range paths {
		rules = append(rules, upstream.Rule{Match: upstream.Match{Path: path}, Share: share, Action: upstream.ActionReset})
	}
	return Fault{
		Name: "platform-reset", At: at, For: length, Jitter: phase, Target: TargetAPI,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.PlatformRules().Fault("platform-reset", TargetAPI, rules...), nil
		},
		Effect: judge.Effect{Fault: "platform-reset", What: "API calls reset", Min: 5, Count: judge.PlatformUnanswered},
	}
}

// tokenSlow makes the platform take its time before it gives a token out, by one of its
// interfaces.
func tokenSlow(at, length time.Duration, medianS float64, path string) Fault {
	return Fault{
		Name: "token-slow", At: at, For: length, Jitter: phase, Target: TargetAPI,
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.PlatformRules().Fault("token-slow", TargetAPI, upstream.Rule{
				Match: upstream.Match{Path: path}, Latency: &upstream.Latency{Dist: "constant", MedianS: medianS},
			}), nil
		},
		Effect: judge.Effect{Fault: "token-slow", What: "calls for a token", Min: 1, Count: judge.TokenCalls},
	}
}

// redisCut cuts the link to Redis: the server goes on with its database alone.
func redisCut(at, length time.Duration) Fault {
	return Fault{
		Name: "redis-cut", At: at, For: length, Jitter: phase, Target: topology.LinkRedis,
		Needs: []topology.Need{topology.OnLink(topology.LinkRedis)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return s.Proxies().Fault("redis-cut", topology.LinkRedis, network.Cut()), nil
		},
		Effect: judge.Effect{
			Fault: "redis-cut", What: "requests that Redis did not answer", Min: 5,
			Count: judge.CounterRose("oalab_redis_errors_total"),
		},
	}
}

// killServer kills the server with SIGKILL and starts it again on the same data.
func killServer(at time.Duration) Fault {
	return Fault{
		Name: "kill-server", At: at, For: killFor, Jitter: phase, Target: TargetServer,
		Needs: []topology.Need{topology.OnProcess(TargetServer)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return host.Kill("kill-server", TargetServer, s.Host(TargetServer)), nil
		},
		Effect: judge.Effect{Fault: "kill-server", What: "refused tries", Min: 20, Count: judge.TriesRefused},
	}
}

// FreezeServer stops the server's process for a while; its sockets stay open.
func FreezeServer(at, length time.Duration) Fault {
	return Fault{
		Name: "freeze-server", At: at, For: length, Target: TargetServer,
		Needs: []topology.Need{topology.OnProcess(TargetServer)},
		Make: func(s topology.System) (chaos.Fault, error) {
			return host.Freeze("freeze-server", TargetServer, s.Host(TargetServer)), nil
		},
		Effect: judge.Effect{Fault: "freeze-server", What: "failed probes", Min: 1, Count: probesFailed},
	}
}

// phase is how far the seed may move a fault, so that it does not always meet
// the same moment of the system's own cycles.
const phase = 400 * time.Millisecond

// probesFailed counts the probes that the window's fault left without an answer.
func probesFailed(a *history.Arm, w history.Window) int {
	n := 0
	for _, s := range a.Samples {
		if s.Error != "" && w.MayMeet(s.AtS) {
			n++
		}
	}
	return n
}
