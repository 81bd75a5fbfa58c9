// Package attack owns the bare generator: an open load on one address, without a scenario,
// its faults and its judges (CLI-1). It also runs in a generator's container. It loads only
// this machine or a network of the lab.
package attack

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"os"
	"time"

	"oalab/internal/jsonl"
	"oalab/mockwechat"
	"oalab/scenarios/history"
	"oalab/scenarios/load"
	"oalab/scenarios/load/profile"
	"oalab/scenarios/workload"
)

// Options say what to offer and where. URL, Profile and Out are required.
type Options struct {
	URL     string // see CheckTarget
	Profile profile.Profile
	// Callback makes the operations messages of followers; nil: each is a plain GET.
	Callback *Callback
	// Timeout bounds one GET, its answer included; 0 means 5 s. A message has the
	// platform's own limits.
	Timeout time.Duration
	// MaxWorkers bounds the operations in flight; 0: as many as the longest ones need
	// at the highest rate.
	MaxWorkers int
	// Connections bounds those to the target; 0 means 1 024.
	Connections int
	// Out is the folder of the results, new or empty.
	Out string
	// Progress is called about once a second; nil: never.
	Progress func(load.Progress)
}

// Callback is messages of an official account's followers, signed as the platform
// signs them, with its three tries.
type Callback struct {
	Account   mockwechat.Account
	Mix       workload.Mix
	Followers int // required
	// Seed decides followers and messages. The seed, mix, followers and profile of a
	// scenario make its very plan.
	Seed uint64
}

// Files of the results, in Out. FileResults is read by vegeta's own commands too.
const (
	FileResults    = history.FileOperations
	FilePlan       = history.FilePlan
	FileDeliveries = history.FileDeliveries // with Callback only
	FileSummary    = "attack.json"
)

// name is that of the attack, which each request carries in X-Vegeta-Attack.
const name = "attack"

const defaultConnections = 1024

// Run calibrates the generator, offers the load and returns what came of it, which it
// also writes into the folder. When ctx ends the arrivals stop, and the summary of what
// was sent until then is no error. An error means that nothing can be said.
func Run(ctx context.Context, o Options) (s Summary, err error) {
	if err := o.validate(); err != nil {
		return Summary{}, err
	}
	plan, err := o.plan()
	if err != nil {
		return Summary{}, err
	}
	folder, err := history.CreateFolder(o.Out)
	if err != nil {
		return Summary{}, err
	}
	if err := write(folder.Path(FilePlan), plan); err != nil {
		return Summary{}, err
	}
	conns := &http.Transport{
		MaxConnsPerHost: o.Connections, MaxIdleConns: o.Connections, MaxIdleConnsPerHost: o.Connections, IdleConnTimeout: time.Minute,
	}
	defer conns.CloseIdleConnections()
	g, err := o.generator(ctx, plan, conns, folder.Path(FileDeliveries))
	if err != nil {
		return Summary{}, err
	}
	defer func() { err = errors.Join(err, g.close()) }()

	ceiling, err := load.Calibrate(ctx, load.Calibration{Transport: g.null})
	if err != nil {
		return Summary{}, err
	}
	results, err := os.OpenFile(folder.Path(FileResults), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return Summary{}, fmt.Errorf("write the results: %w", err)
	}
	sum, err := load.Open{
		Common:  load.Common{Attack: name, Transport: g.transport, URL: o.URL, Method: g.method, Record: results, Progress: o.Progress},
		Profile: o.Profile, MaxWorkers: o.MaxWorkers,
	}.Run(ctx)
	if err = errors.Join(err, results.Close()); err != nil {
		return Summary{}, err
	}
	ops, err := history.ReadOperations(folder.Path(FileResults), name, sum.Base)
	if err != nil {
		return Summary{}, err
	}
	s = o.summarise(sum, plan, ops, ceiling)
	return s, s.write(folder.Path(FileSummary))
}

func (o *Options) validate() error {
	if err := CheckTarget(o.URL); err != nil {
		return err
	}
	switch {
	case o.Profile == nil || profile.Count(o.Profile) == 0:
		return errors.New("the profile has no arrival: raise its rate or its length")
	case o.Out == "":
		return errors.New("a folder for the results is needed")
	case o.Timeout < 0 || o.Connections < 0:
		return errors.New("the limit of a request and the number of connections must not be negative")
	}
	if o.Timeout == 0 {
		o.Timeout = workload.GetLimit
	}
	if o.Connections == 0 {
		o.Connections = defaultConnections
	}
	if o.MaxWorkers == 0 {
		span := load.OperationSpan
		if o.Callback == nil {
			span = o.Timeout
		}
		o.MaxWorkers = max(1, load.WorkersFor(o.Profile, span))
	}
	return nil
}

// plan is the operations with their due times.
func (o *Options) plan() ([]history.PlannedOp, error) {
	if c := o.Callback; c != nil {
		return workload.Plan(c.Seed, c.Mix, workload.Population{Seed: c.Seed, Size: c.Followers}, o.Profile)
	}
	return workload.Gets(o.Profile)
}

func write(path string, plan []history.PlannedOp) error {
	w, err := jsonl.Create(path)
	if err != nil {
		return err
	}
	for i := range plan {
		if err := w.Write(&plan[i]); err != nil {
			return errors.Join(err, w.Close())
		}
	}
	return w.Close()
}

// generator is what carries operations out.
type generator struct {
	method    string
	transport http.RoundTripper
	// null makes the same one towards another URL, for the calibration.
	null  func(url string) (http.RoundTripper, error)
	close func() error
}

func (o *Options) generator(ctx context.Context, plan []history.PlannedOp, conns *http.Transport, deliveries string) (generator, error) {
	if o.Callback == nil {
		return generator{
			method:    http.MethodGet,
			transport: workload.Getter{Next: conns, Limit: o.Timeout},
			// It goes where the request says. A short limit is the target's affair.
			null: func(string) (http.RoundTripper, error) {
				return workload.Getter{Next: conns, Limit: workload.GetLimit}, nil
			},
			close: func() error { return nil },
		}, nil
	}
	return o.Callback.generator(ctx, o.URL, plan, conns, deliveries)
}
