package topology

import (
	"bufio"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/probe"
)

// headerNode of every answer names the load balancer that gave it (docker/lb).
const headerNode = "X-Node"

// AddressAt is nil if the virtual IP is answered by the given load balancer now.
func (d *docker) AddressAt(ctx context.Context, lb chaos.Target) error {
	header, err := fetch(ctx, d.entry()+"/healthz")
	if err != nil {
		return err
	}
	if got := header.Get(headerNode); got != string(lb) {
		return fmt.Errorf("the virtual IP is answered by %q, not by %s", got, lb)
	}
	return nil
}

// Observe probes the virtual IP and records which host has it. At the end it reads the
// states of keepalived and the requests of Nginx from the load balancers' logs.
func (d *docker) Observe(ctx context.Context, base time.Time, record func(history.Sample) error) error {
	var all errgroup.Group
	if !d.layout.QuietVIP {
		all.Go(func() error {
			return probe.Steady{
				Name: history.ProbeVIP, URL: d.entry() + "/healthz", Read: whoAnswers,
				Every:   time.Duration(history.VIPEveryS * float64(time.Second)),
				Timeout: time.Duration(history.VIPLimitS * float64(time.Second)),
			}.Run(ctx, base, record)
		})
	}
	for _, lb := range []chaos.Target{HostLB1, HostLB2} {
		h := &holding{host: d.hosts[lb], probe: history.ProbeAddress, address: d.place(placeVIP).String(), base: base, record: record}
		all.Go(func() error { return h.follow(ctx) })
	}
	if d.layout.Scaler != nil {
		all.Go(func() error { return d.observePools(ctx, base, record) })
	}
	if d.pair != nil {
		all.Go(func() error { return d.observeMasters(ctx, base, record) })
	}
	if err := all.Wait(); err != nil {
		return err
	}
	return d.readLogs(base, record)
}

// whoAnswers reads the number of the load balancer that answered.
func whoAnswers(resp *http.Response) ([]probe.Reading, error) {
	node := resp.Header.Get(headerNode)
	number := slices.Index([]string{string(HostLB1), string(HostLB2)}, node) + 1
	if resp.StatusCode != http.StatusOK || number == 0 {
		return nil, fmt.Errorf("status %d from %q", resp.StatusCode, node)
	}
	return []probe.Reading{{Name: history.SeriesNode, Value: float64(number)}}, nil
}

// readLogs turns what the load balancers printed into samples, in the order of time.
func (d *docker) readLogs(base time.Time, record func(history.Sample) error) error {
	var out []history.Sample
	counts := newUpstreams(d)
	for _, lb := range []chaos.Target{HostLB1, HostLB2} {
		if err := eachLine(d.log(string(lb)), func(line string) {
			if at, state, ok := parseNotify(line); ok {
				out = append(out, history.Sample{AtS: at.Sub(base).Seconds(), Probe: history.ProbeVRRP, Name: string(lb), Value: state})
			}
			if at, addrs, ok := parseAccess(line); ok {
				counts.add(at.Sub(base).Seconds(), addrs)
			}
		}); err != nil {
			return fmt.Errorf("read what %s told: %w", lb, err)
		}
	}
	out = append(out, counts.samples()...)
	slices.SortStableFunc(out, func(a, b history.Sample) int { return cmp.Compare(a.AtS, b.AtS) })
	for _, s := range out {
		if s.AtS < 0 {
			continue // before the load began
		}
		if err := record(s); err != nil {
			return err
		}
	}
	return nil
}

// eachLine reads a log; one that does not exist has no lines.
func eachLine(path string, do func(string)) (err error) {
	f, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		do(strings.TrimSpace(lines.Text()))
	}
	return lines.Err()
}
