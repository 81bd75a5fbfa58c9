package topology

import (
	"context"
	"fmt"
	"os"
	"strconv"
	"strings"
	"time"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology/container"
)

// Ports of a load balancer beside that of the service: Nginx's own page, and the
// scaler.
const (
	portStatus = "8081"
	portScaler = "8082"
)

// Where a load balancer has its scaler and the scaler's configuration.
const (
	scalerBinary = "/usr/local/bin/oaserver"
	scalerConf   = "/etc/oalab/scaler.yaml"
)

// firstPool are the app servers that a load balancer begins with: all of them, which a
// scaler makes fewer, or without one those of the first band.
func (d *docker) firstPool() []string {
	all := d.upstreams()
	if s := d.layout.Scaler; s != nil && s.Off {
		return all[:s.Bands[0].Servers]
	}
	return all
}

// scaling reports whether scalers run.
func (d *docker) scaling() bool { return d.layout.Scaler != nil && !d.layout.Scaler.Off }

// scalers are the files of the scaler of each load balancer: the very binary of the app
// servers, and what it reads.
func (d *docker) scalers() (files [2][]container.File, err error) {
	if !d.scaling() {
		return files, nil
	}
	binary, err := os.ReadFile(d.spec.Oaserver)
	if err != nil {
		return files, fmt.Errorf("read the binary for the scalers: %w", err)
	}
	for i := range files {
		text, err := d.scalerConfig(1 - i).render()
		if err != nil {
			return files, err
		}
		files[i] = []container.File{
			{Path: scalerBinary, Content: binary, Mode: 0o755},
			{Path: scalerConf, Content: text, Mode: 0o600},
		}
	}
	return files, nil
}

// scalerConfig is that of a scaler whose partner is the given load balancer.
func (d *docker) scalerConfig(partner int) serverConfig {
	c := scalerSettings(*d.layout.Scaler)
	c.PartnerStatus, c.Servers = d.url(placeLB+partner, portStatus)+"/status", d.upstreams()
	return serverConfig{Listen: "0.0.0.0:" + portScaler, DataDir: dataDir, Scaler: &c, Defects: d.spec.Defects}
}

// scalerSettings are what is the same for every scaler.
func scalerSettings(s history.Scaling) scalerConfig {
	var bands []string
	for _, b := range s.Bands {
		bands = append(bands, strconv.FormatFloat(b.FromPerS, 'f', -1, 64)+":"+strconv.Itoa(b.Servers))
	}
	seconds := func(f float64) string { return time.Duration(f * float64(time.Second)).String() }
	return scalerConfig{
		Every: seconds(s.EveryS), Hold: seconds(s.HoldS), Margin: int(100*s.Margin + 0.5), Bands: strings.Join(bands, " "),
	}
}

// awaitScalers waits until both load balancers have the pool of an idle one: a scaler
// begins with that of the highest band.
func (d *docker) awaitScalers(ctx context.Context) error {
	if !d.scaling() {
		return nil
	}
	return d.awaitPools(ctx, d.layout.Scaler.Bands[0].Servers)
}

// awaitPools waits until both load balancers use so many app servers.
func (d *docker) awaitPools(ctx context.Context, want int) error {
	for i, lb := range []chaos.Target{HostLB1, HostLB2} {
		if err := pollEvery(ctx, poolEvery, fmt.Sprintf("%s uses %d app servers", lb, want), func(ctx context.Context) error {
			n, err := d.poolOf(ctx, i)
			if err == nil && n != want {
				err = fmt.Errorf("it uses %d", n)
			}
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// poolOf is how many app servers a load balancer uses now.
func (d *docker) poolOf(ctx context.Context, lb int) (int, error) {
	readings, err := probe.Nginx(d.url(placeLB+lb, portStatus) + "/status")(ctx)
	if err != nil {
		return 0, err
	}
	for _, r := range readings {
		if r.Name == history.SeriesAppServers {
			return int(r.Value), r.Err
		}
	}
	return 0, fmt.Errorf("load balancer %d does not say how many app servers it uses", lb+1)
}

// poolEvery is the time between two reads of the pools. Each read is a request that a
// scaler counts.
const poolEvery = 500 * time.Millisecond

// observePools follows the load and the pool of both load balancers.
func (d *docker) observePools(ctx context.Context, base time.Time, record func(history.Sample) error) error {
	var probes []probe.Probe
	for i, lb := range []chaos.Target{HostLB1, HostLB2} {
		probes = append(probes, probe.Probe{
			Name: history.ProbeNginx(string(lb)), Every: poolEvery, Read: probe.Nginx(d.url(placeLB+i, portStatus) + "/status"),
		})
		if d.scaling() {
			probes = append(probes, probe.Probe{
				Name: history.ProbeScaler(string(lb)), Every: 2 * poolEvery,
				Read: probe.Metrics(d.url(placeLB+i, portScaler)+"/metrics", "oalab_scaler_band", "oalab_scaler_servers",
					"oalab_scaler_applies_total", "oalab_scaler_unread_total", "oalab_scaler_counter_resets_total"),
			})
		}
	}
	r, err := probe.NewRunner(base, record, d.spec.Logger, probes...)
	if err != nil {
		return fmt.Errorf("set up the probes of the pools: %w", err)
	}
	return r.Run(ctx)
}
