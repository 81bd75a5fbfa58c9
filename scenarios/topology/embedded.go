package topology

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"oalab/chaos/host"
	"oalab/chaos/network"
	"oalab/chaos/upstream"
	"oalab/mockcarrier"
	"oalab/mockwechat"
)

// EmbeddedSpec says what an embedded system is made of.
type EmbeddedSpec struct {
	Oaserver string // path of the server's binary
	LogDir   string // the server's output goes to oaserver.log in it
	// Ledgers of the mocks.
	WeChatLedger, CarrierLedger string
	Seed                        uint64
	Account                     mockwechat.Account
	SeedFile                    func(io.Writer) error // what `oaserver seed` loads
	Defects                     []string
	CarrierNoDedup              bool
	TokenAPI                    string // the server's wechat.token_api
	Logger                      *slog.Logger
}

// embedded is the topology of one machine: a child process and two mocks.
type embedded struct {
	spec          EmbeddedSpec
	work          string // configuration and data of the server; holds secrets, so it lies outside the run folder
	addr          string
	server        *host.Process
	proxies       *network.Proxies
	redis         *redis
	carrier       *mockcarrier.Carrier
	platform      *mockwechat.Platform
	carrierRules  *upstream.Controller
	platformRules *upstream.Controller
}

// StartEmbedded brings the system up and returns when the server is ready. What
// it started before an error is stopped again.
func StartEmbedded(ctx context.Context, spec EmbeddedSpec) (System, error) {
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
	if err := e.startMocks(ctx); err != nil {
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

func (e *embedded) startMocks(ctx context.Context) error {
	var err error
	e.carrier, err = mockcarrier.New(mockcarrier.Config{
		LedgerPath: e.spec.CarrierLedger, Seed: e.spec.Seed, NoDedup: e.spec.CarrierNoDedup,
	})
	if err != nil {
		return fmt.Errorf("make the mock carrier: %w", err)
	}
	if err := e.carrier.Start(ctx, "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the mock carrier: %w", err)
	}
	e.carrierRules = upstream.NewController("http://" + e.carrier.ControlAddr())

	e.spec.Account.CallbackURL = e.ServerURL() + "/wechat/" + e.spec.Account.Name
	e.platform, err = mockwechat.New(mockwechat.Config{
		LedgerPath: e.spec.WeChatLedger, Seed: e.spec.Seed, Accounts: []mockwechat.Account{e.spec.Account},
	})
	if err != nil {
		return fmt.Errorf("make the mock WeChat platform: %w", err)
	}
	if err := e.platform.Start(ctx, "127.0.0.1:0", "127.0.0.1:0"); err != nil {
		return fmt.Errorf("start the mock WeChat platform: %w", err)
	}
	e.platformRules = upstream.NewController("http://" + e.platform.ControlAddr())
	return nil
}

func (e *embedded) startServer(ctx context.Context, carrierAddr, redisAddr string) error {
	config := filepath.Join(e.work, "oaserver.yaml")
	text, err := e.config(carrierAddr, redisAddr)
	if err != nil {
		return fmt.Errorf("render the server's configuration: %w", err)
	}
	if err := os.WriteFile(config, text, 0o600); err != nil {
		return fmt.Errorf("write the server's configuration: %w", err)
	}
	if err := e.loadSeed(ctx, config); err != nil {
		return err
	}
	if e.server, err = host.NewProcess(host.Config{
		Name:     "oaserver",
		Path:     e.spec.Oaserver,
		Args:     []string{"serve", "--config", config},
		LogPath:  filepath.Join(e.spec.LogDir, "oaserver.log"),
		ReadyURL: e.ServerURL() + "/readyz",
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

// loadSeed fills the server's database the way an operator does.
func (e *embedded) loadSeed(ctx context.Context, config string) error {
	path := filepath.Join(e.work, "seed.yaml")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("write the seed file: %w", err)
	}
	if err := errors.Join(e.spec.SeedFile(f), f.Close()); err != nil {
		return fmt.Errorf("write the seed file: %w", err)
	}
	out, err := exec.CommandContext(ctx, e.spec.Oaserver, "seed", "--config", config, path).CombinedOutput()
	if err != nil {
		return fmt.Errorf("load the seed with %s: %w: %s", e.spec.Oaserver, err, lastLine(out))
	}
	return nil
}

// Server controls the server's process.
func (e *embedded) Server() host.Controller { return e.server }

// Proxies are the links that a schedule may break.
func (e *embedded) Proxies() *network.Proxies { return e.proxies }

// CarrierRules makes the carrier misbehave.
func (e *embedded) CarrierRules() *upstream.Controller { return e.carrierRules }

// PlatformRules makes the platform misbehave.
func (e *embedded) PlatformRules() *upstream.Controller { return e.platformRules }

// Platform is the mock WeChat platform.
func (e *embedded) Platform() *mockwechat.Platform { return e.platform }

// Account is the official account under test.
func (e *embedded) Account() mockwechat.Account { return e.spec.Account }

// ServerURL is the server's base URL.
func (e *embedded) ServerURL() string { return "http://" + e.addr }

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
	if e.platform != nil {
		errs = append(errs, e.platform.Stop(ctx))
	}
	if e.carrier != nil {
		errs = append(errs, e.carrier.Stop(ctx))
	}
	if e.work != "" {
		errs = append(errs, os.RemoveAll(e.work))
	}
	return errors.Join(errs...)
}
