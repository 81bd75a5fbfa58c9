package topology

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/internal/workfolder"
	"oalab/scenarios/history"
	"oalab/scenarios/topology/packetbooks"
)

// serverStop is how long a server may take to stop. After 20 s the server itself ends all
// work under way.
const serverStop = 25 * time.Second

// embedded is the topology of one machine: child processes and two mocks. The first server
// does the jobs. Further servers share its database and Redis, and stand behind a balancer,
// to which all messages go.
type embedded struct {
	mocks
	spec    Spec
	work    string // configuration and data of the server; holds secrets, so it lies outside the run folder
	config  string // of the first server
	addrs   []string
	logins  []Node
	control []ControlNode
	servers []child // those of logins too
	proxies *network.Proxies
	redis   *redis
	before  *balancer          // nil with one server
	books   *packetbooks.Books // nil without red packets
}

// child is the process of a server.
type child struct {
	*host.Process
	name string
}

// EmbeddedServer is the server of the embedded topology.
const EmbeddedServer chaos.Target = "oaserver"

func startEmbedded(ctx context.Context, spec Spec) (System, error) {
	e := &embedded{spec: spec}
	if err := e.start(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), chaos.Patient(ctx, stopTimeout))
		defer cancel()
		return nil, errors.Join(err, e.Stop(stopCtx))
	}
	return e, nil
}

// stopTimeout bounds the clean-up after a start that failed.
const stopTimeout = 10 * time.Second

func (e *embedded) start(ctx context.Context) error {
	var err error
	if e.work, err = workfolder.Make(); err != nil {
		return err
	}
	for range max(1, e.spec.Servers) {
		addr, err := fixedAddr(ctx)
		if err != nil {
			return err
		}
		e.addrs = append(e.addrs, addr)
	}
	entry, err := e.entry(ctx)
	if err != nil {
		return err
	}
	if err := e.startMocks(ctx, e.spec, "127.0.0.1", entry+"/wechat/"+e.spec.Account.Name); err != nil {
		return err
	}
	if e.proxies, err = network.Start(ctx, e.spec.Seed); err != nil {
		return fmt.Errorf("start the proxies: %w", err)
	}
	carrierAddr, err := e.proxies.Link(LinkCarrier, e.carrier.Addr())
	if err != nil {
		return fmt.Errorf("put a proxy in the link to the carrier: %w", err)
	}
	if e.redis, err = startRedis(); err != nil {
		return err
	}
	redisAddr, err := e.proxies.Link(LinkRedis, e.redis.addr)
	if err != nil {
		return fmt.Errorf("put a proxy in the link to Redis: %w", err)
	}
	return e.startServers(ctx, carrierAddr, redisAddr)
}

// entry is the base URL of the service: the one server, or the balancer before several.
func (e *embedded) entry(ctx context.Context) (string, error) {
	if len(e.addrs) == 1 {
		return e.url(0), nil
	}
	var err error
	if e.before, err = startBalancer(ctx, e.spec.Seed, e.addrs); err != nil {
		return "", err
	}
	return e.before.url, nil
}

func (e *embedded) startServers(ctx context.Context, carrierAddr, redisAddr string) error {
	data := filepath.Join(e.work, "data")
	for i := range e.addrs {
		cfg := configOf(e.spec)
		cfg.Listen, cfg.DataDir = e.addrs[i], data
		if e.before != nil {
			cfg.Callback = &callbackConfig{MaxConcurrent: e.spec.Layout.MaxConcurrent, Budget: e.spec.Layout.budget()}
		}
		cfg.Redis.Addr = redisAddr
		cfg.WeChat.APIBase = "http://" + e.platform.Addr()
		cfg.Carrier.WSDLURL = "http://" + carrierAddr + "/carrier?wsdl"
		args := []string{"serve", "--config"}
		var err error
		if i == 0 {
			e.config, err = prepare(ctx, e.spec, e.work, cfg)
			args = append(args, e.config)
		} else {
			cfg.Database = databaseOf(data)
			cfg.DataDir += serverNumber(i)
			var config string
			config, err = writeConfig(e.work, serverName(i), cfg)
			args = append(args, config, "--roles", "callback")
		}
		if err != nil {
			return err
		}
		if err := e.startServer(ctx, serverName(i), e.url(i), args); err != nil {
			return err
		}
	}
	return errors.Join(e.startLogins(ctx, data, redisAddr), e.startControl(ctx, data, redisAddr))
}

// startServer starts a server and waits until it is ready.
func (e *embedded) startServer(ctx context.Context, name, url string, args []string) error {
	log := filepath.Join(e.spec.LogDir, name+".log")
	p, err := host.NewProcess(host.Config{Name: name, Path: e.spec.Oaserver, Args: args, LogPath: log, ReadyURL: url + "/readyz", StopTimeout: serverStop})
	if err != nil {
		return err
	}
	e.servers = append(e.servers, child{p, name})
	if err := p.Start(ctx); err != nil {
		return fmt.Errorf("start %s: %w", name, err)
	}
	if err := p.WaitReady(ctx); err != nil {
		return fmt.Errorf("wait for %s to be ready (its log: %s): %w", name, log, err)
	}
	return nil
}

func (e *embedded) url(i int) string { return "http://" + e.addrs[i] }

// serverNumber ends the names of server i, from 0, when it is not the first.
func serverNumber(i int) string {
	if i == 0 {
		return ""
	}
	return strconv.Itoa(i + 1)
}

func serverName(i int) string { return string(EmbeddedServer) + serverNumber(i) }

// Nodes are the servers. The name of the first is that of its probes in every stored run.
func (e *embedded) Nodes() []Node {
	var nodes []Node
	for i := range e.addrs {
		nodes = append(nodes, Node{Name: "server" + serverNumber(i), URL: e.url(i)})
	}
	return nodes
}

// Host controls the process of a server.
func (e *embedded) Host(target chaos.Target) host.Controller {
	for _, p := range e.servers {
		if target == chaos.Target(p.name) {
			return p.Process
		}
	}
	return missing(Embedded, target)
}

// Lacks is nil if the system meets a need.
func (e *embedded) Lacks(n Need) error {
	return offerOfEmbedded(e.spec.beside()).lacks(n)
}

// Update loads a seed file with the configuration of the first server.
func (e *embedded) Update(ctx context.Context, seed []byte) error {
	return loadSeed(ctx, e.spec, e.config, seed)
}

// Proxies are the links that a schedule may break.
func (e *embedded) Proxies() *network.Proxies { return e.proxies }

// Observe has nothing to add to what the server says.
func (e *embedded) Observe(ctx context.Context, _ time.Time, _ func(history.Sample) error) error {
	<-ctx.Done()
	return nil
}

// Versions are none: everything is built into the harness.
func (e *embedded) Versions() map[string]string { return nil }

// Stop ends everything in the reverse order of its start.
func (e *embedded) Stop(ctx context.Context) error {
	var errs []error
	if e.before != nil {
		errs = append(errs, e.before.stop())
	}
	if e.books != nil {
		errs = append(errs, e.books.Close())
	}
	for _, p := range slices.Backward(e.servers) {
		errs = append(errs, p.Stop(ctx))
	}
	if e.proxies != nil {
		errs = append(errs, e.proxies.Stop(ctx))
	}
	if e.redis != nil {
		e.redis.stop()
	}
	errs = append(errs, e.stopMocks(ctx))
	if e.work != "" {
		errs = append(errs, os.RemoveAll(e.work))
	}
	return errors.Join(errs...)
}
