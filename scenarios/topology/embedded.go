package topology

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"oalab/chaos"
	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/scenarios/history"
)

// embedded is the topology of one machine: a child process and two mocks.
type embedded struct {
	mocks
	spec    Spec
	work    string // configuration and data of the server; holds secrets, so it lies outside the run folder
	addr    string
	server  *host.Process
	proxies *network.Proxies
	redis   *redis
}

// EmbeddedServer is the server of the embedded topology.
const EmbeddedServer chaos.Target = "oaserver"

func startEmbedded(ctx context.Context, spec Spec) (System, error) {
	e := &embedded{spec: spec}
	if err := e.start(ctx); err != nil {
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		return nil, errors.Join(err, e.Stop(stopCtx))
	}
	return e, nil
}

// stopTimeout bounds the clean-up after a start that failed.
const stopTimeout = 10 * time.Second

func (e *embedded) start(ctx context.Context) error {
	var err error
	if e.work, err = workFolder(); err != nil {
		return err
	}
	if e.addr, err = fixedAddr(ctx); err != nil {
		return err
	}
	if err := e.startMocks(ctx, e.spec, "127.0.0.1", e.url()+"/wechat/"+e.spec.Account.Name); err != nil {
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
	redisAddr, err := e.proxies.Link(LinkRedis, e.redis.Addr())
	if err != nil {
		return fmt.Errorf("put a proxy in the link to Redis: %w", err)
	}
	return e.startServer(ctx, carrierAddr, redisAddr)
}

func (e *embedded) startServer(ctx context.Context, carrierAddr, redisAddr string) error {
	cfg := configOf(e.spec)
	cfg.Listen, cfg.DataDir = e.addr, filepath.Join(e.work, "data")
	cfg.Redis.Addr = redisAddr
	cfg.WeChat.APIBase = "http://" + e.platform.Addr()
	cfg.Carrier.WSDLURL = "http://" + carrierAddr + "/carrier?wsdl"
	config, err := prepare(ctx, e.spec, e.work, cfg)
	if err != nil {
		return err
	}
	if e.server, err = host.NewProcess(host.Config{
		Name:     "oaserver",
		Path:     e.spec.Oaserver,
		Args:     []string{"serve", "--config", config},
		LogPath:  filepath.Join(e.spec.LogDir, "oaserver.log"),
		ReadyURL: e.url() + "/readyz",
	}); err != nil {
		return err
	}
	if err := e.server.Start(ctx); err != nil {
		return fmt.Errorf("start the server: %w", err)
	}
	if err := e.server.WaitReady(ctx); err != nil {
		return fmt.Errorf("wait for the server to be ready (its log: %s): %w", filepath.Join(e.spec.LogDir, "oaserver.log"), err)
	}
	return nil
}

func (e *embedded) url() string { return "http://" + e.addr }

// Nodes is the one server. Its name is that of its probes in every stored run.
func (e *embedded) Nodes() []Node { return []Node{{Name: "server", URL: e.url()}} }

// Host controls the server's process.
func (e *embedded) Host(target chaos.Target) host.Controller {
	if target == EmbeddedServer {
		return e.server
	}
	return missing(Embedded, target)
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
	if e.server != nil {
		errs = append(errs, e.server.Stop(ctx))
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
