package runner

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"oalab/chaos"
	"oalab/mockwechat"
	wl "oalab/mockwechat/ledger"
	"oalab/scenarios/history"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
)

// How the keyword that changes is written and asked for.
const (
	// updateTimeout bounds a write, which is the start of a process beside its work.
	updateTimeout = 5 * time.Second
	// readEvery is the time between two messages to one server, readTimeout how long its
	// answer may take.
	readEvery   = 100 * time.Millisecond
	readTimeout = 2 * time.Second
	// updateWord is the keyword, which no follower writes; updateFollower asks for it.
	updateWord     = "oalab-update"
	updateFollower = "oalab-update-reader"
)

// updateAnswer is the keyword's answer.
var updateAnswer = regexp.MustCompile(`oalab-version=(\d+);`)

// updates are the probes of a keyword that changes, if the arm wants them: one writes,
// one asks at each server and one at the service (STO-7). The returned function lets go
// of their connections.
func (x *arm) updates(ctx context.Context, sys topology.System) ([]probe.Probe, func(), error) {
	if x.load.Updates == 0 {
		return nil, func() {}, nil
	}
	version := 0
	probes := []probe.Probe{{
		Name: history.ProbeUpdate, Every: x.load.Updates, Timeout: chaos.Patient(ctx, updateTimeout),
		Read: func(ctx context.Context) ([]probe.Reading, error) {
			version++ // also after an error: what may have been stored is not written again
			seed := fmt.Sprintf("keywords:\n  - {keyword: %s, match: equal, answers: [\"oalab-version=%d;\"]}\n", updateWord, version)
			return timedVersion(func() (int, bool, error) { return version, false, sys.Update(ctx, []byte(seed)) })
		},
	}}
	service := topology.Node{Name: history.ReadService, URL: sys.Account().CallbackURL}
	conns := &http.Transport{MaxIdleConnsPerHost: 2, IdleConnTimeout: time.Minute}
	for _, node := range append(sys.Nodes(), service) {
		url := node.URL
		if node != service {
			url += "/wechat/" + sys.Account().Name
		}
		push, err := pusher(sys, url, conns, nil, firstTry)
		if err != nil {
			return nil, nil, err
		}
		probes = append(probes, probe.Probe{
			Name: history.ProbeRead + "." + node.Name, Every: readEvery, Timeout: chaos.Patient(ctx, readTimeout),
			Read: func(ctx context.Context) ([]probe.Reading, error) {
				return timedVersion(func() (int, bool, error) { return readVersion(ctx, push) })
			},
		})
	}
	return probes, conns.CloseIdleConnections, nil
}

// timedVersion tells a version, how long it took to write or to read it, and whether the
// answer was marked as stale.
func timedVersion(do func() (version int, stale bool, err error)) ([]probe.Reading, error) {
	began := time.Now()
	version, stale, err := do()
	if err != nil {
		return nil, err
	}
	out := []probe.Reading{
		{Name: history.SeriesValue, Value: float64(version)},
		{Name: history.SeriesAnswer, Value: time.Since(began).Seconds()},
	}
	if stale {
		out = append(out, probe.Reading{Name: history.SeriesStale, Value: 1})
	}
	return out, nil
}

// readVersion asks for the keyword by a message of its own. Any other answer is version 0.
func readVersion(ctx context.Context, push *mockwechat.Pusher) (version int, stale bool, err error) {
	out, err := push.Push(ctx, mockwechat.Message{Op: history.ProbeRead, OpenID: updateFollower, Content: updateWord})
	if err != nil {
		return 0, false, err
	}
	found := updateAnswer.FindStringSubmatch(out.Seen)
	if found == nil {
		return 0, out.Stale, nil
	}
	version, err = strconv.Atoi(found[1])
	return version, out.Stale, err
}

var errOneTry = errors.New("the message was not answered")

// firstTry ends a message with its first try: a later one would say nothing of when it
// was begun.
func firstTry(d wl.Delivery) error {
	if d.OK {
		return nil
	}
	return fmt.Errorf("%w: status %d %s", errOneTry, d.Status, d.Error)
}
