// Package serve owns what `oalab serve` does: it starts the reference server with the mock
// platform, the mock carrier and a seeded account on this machine, keeps them until it is
// told to stop, and loads the seed file again when that changes. The server is a child
// process on SQLite; the mocks live in this process. All that it makes lies in one temporary
// folder, which goes with it.
package serve

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"time"

	"oalab/chaos/host"
	"oalab/docker"
	"oalab/internal/workfolder"
	"oalab/mockcarrier"
	"oalab/mockwechat"
)

const (
	// startLimit bounds the start of everything.
	startLimit = time.Minute
	// serverStop is how long the server may take to stop; after 20 s it ends all work under
	// way itself. mockStop is that of the mocks.
	serverStop = 25 * time.Second
	mockStop   = 5 * time.Second
)

// Options say what is served. All fields but Seed are required.
type Options struct {
	Oaserver string // path of the server's binary
	// Seed is the seed file; empty is the demonstration's own.
	Seed string
	// At is where everything listens. Port 0 is a free one.
	At Addresses
	// Say tells the developer a line.
	Say func(line string)
}

// stand is what is served: all of it, or what of it has been started.
type stand struct {
	Options

	work     string // configuration, data and logs
	account  mockwechat.Account
	carrier  *mockcarrier.Carrier
	platform *mockwechat.Platform
	server   *host.Process
}

// Run serves until ctx ends, which is no error, or until the server ends by itself. When it
// returns, everything is stopped and the folder is gone.
func Run(ctx context.Context, o Options) (err error) {
	s := &stand{Options: o}
	defer func() { err = errors.Join(err, s.stop(context.WithoutCancel(ctx))) }()
	loaded, err := s.start(ctx)
	switch {
	case ctx.Err() != nil:
		return nil
	case err != nil:
		s.sayLog()
		return err
	}
	return s.keep(ctx, loaded)
}

// start starts everything and returns the content of the seed file that is loaded.
func (s *stand) start(ctx context.Context) (loaded []byte, err error) {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if s.At, err = s.At.free(ctx); err != nil {
		return nil, err
	}
	if s.work, err = workfolder.Make(); err != nil {
		return nil, err
	}
	if err := os.Mkdir(s.logs(), 0o700); err != nil {
		return nil, fmt.Errorf("make the folder of the logs: %w", err)
	}
	if s.Seed == "" {
		s.Seed = filepath.Join(s.work, "seed.yaml")
		if err := os.WriteFile(s.Seed, docker.DemoSeed, 0o600); err != nil {
			return nil, fmt.Errorf("write the demonstration's seed file: %w", err)
		}
	}
	if loaded, err = os.ReadFile(s.Seed); err != nil {
		return nil, fmt.Errorf("read the seed file: %w", err)
	}
	if err := s.startMocks(ctx); err != nil {
		return nil, err
	}
	if err := s.writeConfig(); err != nil {
		return nil, err
	}
	shown, err := s.load(ctx, loaded)
	if err != nil {
		return nil, err
	}
	if err := s.startServer(ctx); err != nil {
		return nil, err
	}
	s.tell(shown)
	return loaded, nil
}

// logs is the folder of logs and ledgers.
func (s *stand) logs() string { return filepath.Join(s.work, "logs") }

func (s *stand) startMocks(ctx context.Context) (err error) {
	if s.account, err = demoAccount(s.work); err != nil {
		return err
	}
	s.account.CallbackURL = "http://" + reach(s.At.Server) + "/wechat/" + s.account.Name
	s.carrier, err = mockcarrier.New(mockcarrier.Config{LedgerPath: filepath.Join(s.logs(), "carrier.jsonl"), Seed: 1})
	if err != nil {
		return err
	}
	if err := s.carrier.Start(ctx, s.At.Carrier, s.At.CarrierControl); err != nil {
		return err
	}
	s.platform, err = mockwechat.New(mockwechat.Config{
		LedgerPath: filepath.Join(s.logs(), "platform.jsonl"), Seed: 1, Accounts: []mockwechat.Account{s.account},
	})
	if err != nil {
		return err
	}
	return s.platform.Start(ctx, s.At.Platform, s.At.PlatformControl)
}

func (s *stand) startServer(ctx context.Context) (err error) {
	s.server, err = host.NewProcess(host.Config{
		Name: "oaserver", Path: s.Oaserver, Args: []string{"serve", "--config", s.config()},
		LogPath: s.serverLog(), ReadyURL: "http://" + reach(s.At.Server) + "/readyz", StopTimeout: serverStop,
	})
	if err != nil {
		return err
	}
	if err := s.server.Start(ctx); err != nil {
		return err
	}
	if err := s.server.WaitReady(ctx); err != nil {
		return fmt.Errorf("wait for the server to be ready: %w", err)
	}
	return nil
}

// keep serves until ctx ends or the server ends by itself, and loads the seed file again
// when it changes.
func (s *stand) keep(ctx context.Context, loaded []byte) error {
	w := watch{stand: s, tried: loaded}
	look := time.NewTicker(lookEvery)
	defer look.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-s.server.Exited():
			exit, _ := s.server.Exit()
			s.sayLog()
			return fmt.Errorf("the server ended by itself: %s", exit)
		case <-look.C:
			w.look(ctx)
		}
	}
}

// stop stops everything, in the reverse order of its start, and removes the folder.
func (s *stand) stop(ctx context.Context) error {
	var errs []error
	if s.server != nil {
		errs = append(errs, s.server.Stop(ctx))
	}
	ctx, cancel := context.WithTimeout(ctx, mockStop)
	defer cancel()
	if s.platform != nil {
		errs = append(errs, s.platform.Stop(ctx))
	}
	if s.carrier != nil {
		errs = append(errs, s.carrier.Stop(ctx))
	}
	if s.work != "" {
		errs = append(errs, os.RemoveAll(s.work))
	}
	return errors.Join(errs...)
}
