package topology

import (
	"math"
	"strconv"
	"strings"
	"time"

	"oalab/scenarios/history"
)

// The lines that a load balancer prints (docker/lb): one for each change of state of
// Keepalived, and, with the access log on, one for each request.
const (
	notifyWord = "NOTIFY"
	accessWord = "ACCESS"
)

// parseNotify reads "NOTIFY SECONDS TYPE INSTANCE STATE PRIORITY".
func parseNotify(line string) (at time.Time, state float64, ok bool) {
	f := strings.Fields(line)
	if len(f) < 5 || f[0] != notifyWord {
		return at, 0, false
	}
	if at, ok = parseSeconds(f[1]); !ok {
		return at, 0, false
	}
	switch f[4] {
	case "MASTER":
		return at, history.VRRPMaster, true
	case "BACKUP":
		return at, history.VRRPBackup, true
	case "FAULT":
		return at, history.VRRPFault, true
	case "STOP":
		return at, history.VRRPStopped, true
	}
	return at, 0, false
}

// parseAccess reads "ACCESS SECONDS [ADDRESS, ADDRESS] …": when a request ended and
// which servers were tried for it, in order. A request that no server got has none.
func parseAccess(line string) (at time.Time, servers []string, ok bool) {
	rest, ok := strings.CutPrefix(line, accessWord+" ")
	if !ok {
		return at, nil, false
	}
	stamp, rest, _ := strings.Cut(rest, " [")
	list, _, closed := strings.Cut(rest, "]")
	if at, ok = parseSeconds(stamp); !ok || !closed {
		return at, nil, false
	}
	for server := range strings.SplitSeq(list, ", ") {
		if server != "" && server != "-" {
			servers = append(servers, server)
		}
	}
	return at, servers, true
}

// parseSeconds reads seconds after 1970 with any number of decimals.
func parseSeconds(text string) (time.Time, bool) {
	whole, part, _ := strings.Cut(text, ".")
	seconds, err := strconv.ParseInt(whole, 10, 64)
	if err != nil || seconds < 0 {
		return time.Time{}, false
	}
	nanos := int64(0)
	if part != "" {
		if len(part) > 9 {
			part = part[:9]
		}
		if nanos, err = strconv.ParseInt(part, 10, 64); err != nil || nanos < 0 {
			return time.Time{}, false
		}
		nanos *= int64(math.Pow10(9 - len(part)))
	}
	return time.Unix(seconds, nanos), true
}

// upstreams counts the requests that each app server was given.
type upstreams struct {
	names   []string             // in order
	server  map[string]string    // name by address
	moments map[string][]float64 // when, by name
}

// upstreamEvery is the time between two samples of the counts, in seconds.
const upstreamEvery = 0.1

func newUpstreams(d *docker) *upstreams {
	u := &upstreams{server: map[string]string{}, moments: map[string][]float64{}}
	for i := range d.layout.Apps {
		name := string(HostApp(i + 1))
		u.names = append(u.names, name)
		u.server[d.addr(placeApp+i, portApp)] = name
	}
	return u
}

func (u *upstreams) add(at float64, servers []string) {
	for _, s := range servers {
		if name, ok := u.server[s]; ok {
			u.moments[name] = append(u.moments[name], at)
		}
	}
}

// samples are the counts over time, of every server from the first request of all to
// the last; none without any.
func (u *upstreams) samples() []history.Sample {
	last := math.Inf(-1)
	for _, at := range u.moments {
		for _, t := range at {
			last = max(last, t)
		}
	}
	var out []history.Sample
	if math.IsInf(last, -1) {
		return nil
	}
	for _, name := range u.names {
		buckets := make([]int, int(max(0, last)/upstreamEvery)+2)
		for _, t := range u.moments[name] {
			buckets[int(max(0, t)/upstreamEvery)+1]++ // counted at the end of its interval
		}
		sum := 0
		for i, n := range buckets {
			sum += n
			out = append(out, history.Sample{AtS: float64(i) * upstreamEvery, Probe: history.ProbeUpstream, Name: name, Value: float64(sum)})
		}
	}
	return out
}
