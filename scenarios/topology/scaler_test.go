package topology

import (
	"context"
	"errors"
	"io"
	"net/http"
	"os"
	"path"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology/container"
)

// nowhere is an app server that no configuration can have: its name means nothing.
const nowhere = "nowhere.invalid:8080"

// asker asks the virtual IP at a pace that can be changed, and counts what failed.
type asker struct {
	pace   atomic.Int64 // nanoseconds between two requests; 0: none
	asked  atomic.Int64
	failed atomic.Pointer[string]
	over   sync.WaitGroup
}

// startAsker asks until the test ends, over kept connections as the platform does.
func startAsker(t *testing.T, url string) *asker {
	t.Helper()
	ctx, stop := context.WithCancel(context.WithoutCancel(t.Context()))
	a := &asker{}
	client := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: 8}, Timeout: 5 * time.Second}
	ask := func() error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return err
		}
		resp, err := client.Do(req)
		if err != nil {
			return err
		}
		_, err = io.Copy(io.Discard, resp.Body)
		if resp.StatusCode != http.StatusOK {
			err = errors.New(resp.Status)
		}
		return errors.Join(err, resp.Body.Close())
	}
	a.over.Go(func() {
		tick := time.NewTicker(time.Millisecond)
		defer tick.Stop()
		next := time.Now()
		for {
			select {
			case <-ctx.Done():
				return
			case now := <-tick.C:
				pace := time.Duration(a.pace.Load())
				if pace == 0 || now.Before(next) {
					continue
				}
				next = now.Add(pace)
				a.asked.Add(1)
				if err := ask(); err != nil && ctx.Err() == nil {
					said := err.Error()
					a.failed.Store(&said)
				}
			}
		}
	})
	t.Cleanup(func() { stop(); a.over.Wait(); client.CloseIdleConnections() })
	return a
}

// TestScalersSizeThePools runs the scalers of a real pair (DIS-2): both pools follow the
// load of the one that has the address, no request is lost at a reload, and a list that
// Nginx refuses is put aside while the old one goes on serving. In the end the only server
// of the lowest band dies, and no request is lost either: the next one stands by, and then
// takes its place.
func TestScalersSizeThePools(t *testing.T) {
	var counts [2]atomic.Int64
	var dead atomic.Bool // the first app server
	layout := Layout{Apps: 3, Scaler: &history.Scaling{
		Bands:  []history.ScalingBand{{FromPerS: 0, Servers: 1}, {FromPerS: 60, Servers: 2}, {FromPerS: 200, Servers: 3}},
		EveryS: 0.5, HoldS: 1, Margin: 0.1,
	}}
	layout.VRRP = DefaultVRRP()
	layout.VRRP.Check.IntervalS = 0.5 // each look of Keepalived is a request, too
	var all []string
	d := startPair(t, layout, http.HandlerFunc(success), func(d *docker, s *container.Spec) {
		if all == nil {
			for i := range counts {
				all = append(all, listen(t, d, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
					if i == 0 && dead.Load() {
						panic(http.ErrAbortHandler) // the connection ends without an answer
					}
					if r.URL.Path == "/" { // and no health check
						counts[i].Add(1)
					}
					success(w, r)
				})))
			}
			all = append(all, nowhere)
		}
		s.Env["UPSTREAMS"] = strings.Join(all[:2], " ")
		for i, f := range s.Files {
			if f.Path == scalerConf {
				text := string(f.Content)
				for n, server := range d.upstreams() {
					text = strings.ReplaceAll(text, server, all[n])
				}
				s.Files[i].Content = []byte(text)
			}
		}
	})
	pools := func(want int) {
		t.Helper()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		must(t, d.awaitPools(ctx, want))
	}
	// The highest band, in which a scaler begins, has a server that Nginx refuses: the
	// list that the host came up with stays.
	pools(1)
	clients := startAsker(t, d.entry()+"/")
	clients.pace.Store(int64(10 * time.Millisecond))
	pools(2)
	clients.pace.Store(int64(3 * time.Millisecond))
	metric := func(lb int, name string) float64 {
		t.Helper()
		readings, err := probe.Metrics(d.url(placeLB+lb, portScaler)+"/metrics", name)(t.Context())
		must(t, err)
		must(t, readings[0].Err)
		return readings[0].Value
	}
	const refused = `oalab_scaler_applies_total{result="refused"}`
	for i := range 2 {
		before := metric(i, refused)
		must(t, poll(t.Context(), "another list is refused", func(context.Context) error {
			if metric(i, "oalab_scaler_band") != 3 || metric(i, refused) <= before {
				return errors.New("not yet")
			}
			return nil
		}))
	}
	asked := clients.asked.Load()
	pools(2)
	must(t, poll(t.Context(), "the old list serves", func(context.Context) error {
		if clients.asked.Load() < asked+50 {
			return errors.New("not yet")
		}
		return nil
	}))
	must(t, d.hosts[HostLB1].Run(t.Context(), "grep", "-q", nowhere, "/etc/nginx/upstream.conf.refused"))
	must(t, d.hosts[HostLB1].Run(t.Context(), "sh", "-c", "nginx -t -q && ! grep -q nowhere /etc/nginx/upstream.conf"))
	log, err := os.ReadFile(path.Join(d.spec.LogDir, "lb1.log"))
	must(t, err)
	if !strings.Contains(string(log), "host not found in upstream") || !strings.Contains(string(log), `"level":"ERROR"`) {
		t.Error("the log does not say what Nginx refused, and why")
	}
	first := counts[0].Load()
	clients.pace.Store(int64(50 * time.Millisecond))
	pools(1)
	if why := clients.failed.Load(); why != nil {
		t.Errorf("of %d requests over four reloads one failed at least: %s", clients.asked.Load(), *why)
	}
	if counts[1].Load() == 0 || counts[0].Load() <= first {
		t.Errorf("the servers got %d and %d requests, want both some", counts[0].Load(), counts[1].Load())
	}
	asked = clients.asked.Load()
	dead.Store(true)
	for i := range 2 {
		must(t, poll(t.Context(), "another server is the pool of the lowest band", func(ctx context.Context) error {
			return d.hosts[[]chaos.Target{HostLB1, HostLB2}[i]].Run(ctx, "sh", "-c",
				"grep -qx 'server "+all[1]+" max_fails=5 fail_timeout=10s;' /etc/nginx/upstream.conf && ! grep -q "+all[0]+" /etc/nginx/upstream.conf")
		}))
	}
	pools(1)
	if why := clients.failed.Load(); why != nil {
		t.Errorf("of %d requests since the only server died one failed at least: %s", clients.asked.Load()-asked, *why)
	}
	if clients.asked.Load() < asked+20 {
		t.Errorf("%d requests since the only server died prove nothing", clients.asked.Load()-asked)
	}
}
