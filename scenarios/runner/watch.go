package runner

import (
	"cmp"
	"context"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"oalab/chaos"
	"oalab/scenarios/history"
	"oalab/scenarios/probe"
	"oalab/scenarios/topology"
)

// The probes of a server: its name, and what is asked. The series of the metrics
// are what the judge reads.
const (
	metricsProbe = ".metrics"
	readyProbe   = ".ready"
)

// unfinishedOrders is the gauge of orders without a result. A planted defect may leave
// orders that stay unfinished for ever.
const unfinishedOrders = "oalab_orders_unfinished"

// work lists the gauges that are zero when nothing is queued or being done.
func work() []string {
	return []string{"oalab_queue_depth", "oalab_outbox_rows", "oalab_work_in_flight"}
}

// counters lists the other metrics of the server that the judge may use.
func counters() []string {
	return []string{
		unfinishedOrders, "oalab_carrier_calls_total", "oalab_carrier_errors_total", "oalab_callback_messages_total",
		"oalab_callback_duplicates_total", "oalab_callback_handed_over_total", "oalab_jobs_total",
		"oalab_db_statements_total", "oalab_cache_requests_total", "oalab_bloom_refusals_total", "oalab_redis_errors_total",
		"oalab_token_refreshes_total", "oalab_token_age_seconds",
		"oalab_push_delay_seconds_bucket", "oalab_push_delay_seconds_sum", "oalab_push_delay_seconds_count",
	}
}

// brokerConnections counts how often a server connected to a node of the broker.
const brokerConnections = "oalab_broker_connections_total"

// watch is the probes of an arm while they run.
type watch struct {
	*probe.Runner
	cancel context.CancelFunc
	over   errgroup.Group
}

// watch starts the probes on the load's clock.
func (x *arm) watch(ctx context.Context, sys topology.System, open *connections, base time.Time) (*watch, error) {
	wanted := append(work(), counters()...)
	limit := min(chaos.Patient(ctx, probeTimeout), probeLongest)
	every := cmp.Or(x.arm.Setup.ProbeEvery, probeEvery)
	if x.arm.Setup.Layout.Redundant { // elsewhere there may be no broker
		wanted = append(wanted, brokerConnections)
	}
	probes := []probe.Probe{{Name: history.ProbeGenerator, Every: probeEvery, Read: open.read}}
	if read, err := probe.Machine(); err == nil { // elsewhere the environment says that there is none
		probes = append(probes, probe.Probe{Name: history.ProbeMachine, Every: probeEvery, Read: read})
	}
	measured, err := x.probes(ctx, sys)
	if err != nil {
		return nil, err
	}
	probes = append(probes, measured...)
	for _, node := range sys.Nodes() {
		probes = append(probes,
			probe.Probe{Name: node.Name + metricsProbe, Every: every, Timeout: limit, Read: probe.Metrics(node.URL+"/metrics", wanted...)},
			probe.Probe{Name: node.Name + readyProbe, Every: every, Timeout: limit, Read: probe.HTTPStatus(node.URL + "/readyz")},
		)
	}
	for _, node := range controlNodes(sys) { // they have no queue that could drain
		probes = append(probes, probe.Probe{Name: node.Name + metricsProbe, Every: every, Timeout: limit, Read: probe.Metrics(node.URL+"/metrics", controlCounters()...)})
	}
	update, stop, err := x.updates(ctx, sys)
	if err != nil {
		return nil, err
	}
	probes = append(probes, update...)
	r, err := probe.NewRunner(base, x.out.WriteSample, x.run.o.Logger, probes...)
	if err != nil {
		return nil, fmt.Errorf("set up the probes: %w", err)
	}
	ctx, cancel := context.WithCancel(ctx)
	w := &watch{Runner: r, cancel: cancel}
	w.over.Go(func() error { defer stop(); return r.Run(ctx) })
	w.over.Go(func() error { return sys.Observe(ctx, base, x.out.WriteSample) })
	return w, nil
}

// stop ends the probes and says whether all their samples were kept.
func (w *watch) stop() error {
	w.cancel()
	return w.over.Wait()
}

// drain waits until no job is queued, in the outbox or in work.
func (x *arm) drain(ctx context.Context, sys topology.System, w *watch) {
	x.live.enter("drain")
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, x.load.Drain))
	defer cancel()
	names := work()
	if len(x.arm.Setup.Defects) == 0 {
		names = append(names, unfinishedOrders)
	}
	series := make([]probe.Series, 0, len(names))
	for _, node := range sys.Nodes() {
		for _, name := range names {
			series = append(series, probe.Series{Probe: node.Name + metricsProbe, Name: name})
		}
	}
	at, err := w.AwaitZero(ctx, 3, series...)
	if err != nil {
		x.run.o.Logger.Warn("the system did not drain", "arm", x.arm.Name, "error", err)
		return // the judge sees it in the samples
	}
	x.record.DrainedS = at.Seconds()
}
