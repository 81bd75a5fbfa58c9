package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"runtime"
	"runtime/debug"
	"strings"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/server"
)

const usage = `usage: oaserver COMMAND [--config FILE]

  serve [--roles LIST]   answer the platform and do the jobs; LIST is all (default),
                         or callback, worker with commas between; scaler, alone, on
                         the host of a load balancer
  migrate                bring the tables of the database up to date
  seed FILE              load keyword answers, business codes and bindings
  version                tell the version of this binary

Every key of the configuration can also be set by the environment:
database.core_dsn is OALAB_DATABASE_CORE_DSN.
`

var errUsage = errors.New("see oaserver help")

// run is the whole program as a function of its process.
func run(ctx context.Context, p proc.Proc) int {
	err := command(ctx, p)
	if err == nil || proc.Interrupted(ctx) && errors.Is(err, context.Canceled) {
		return exit.OK // a server that is asked to stop has done its work
	}
	fmt.Fprintf(p.Stderr, "oaserver: %s\n", oneLine(err))
	return exit.Usage
}

func command(ctx context.Context, p proc.Proc) error {
	if len(p.Args) == 0 {
		return fmt.Errorf("no command given: %w", errUsage)
	}
	name, args := p.Args[0], p.Args[1:]
	switch name {
	case "serve":
		return serve(ctx, p, args)
	case "migrate":
		opt, err := parse(p, name, args, 0)
		if err != nil {
			return err
		}
		return server.Migrate(ctx, opt.cfg)
	case "seed":
		opt, err := parse(p, name, args, 1)
		if err != nil {
			return err
		}
		stored, err := server.Seed(ctx, opt.cfg, p.Path(opt.args[0]))
		if err == nil {
			fmt.Fprintf(p.Stderr, "oaserver: stored %d keywords, %d business codes, %d bindings\n",
				stored.Keywords, stored.Business, stored.Bindings)
		}
		return err
	case "version":
		info, _ := debug.ReadBuildInfo() // nil for a binary built without modules
		fmt.Fprintln(p.Stdout, describe(info))
		return nil
	case "help", "-h", "--help":
		_, err := io.WriteString(p.Stdout, usage)
		return err
	}
	return fmt.Errorf("unknown command %q: %w", name, errUsage)
}

// serve runs the server until ctx ends or serving fails.
func serve(ctx context.Context, p proc.Proc, args []string) (err error) {
	opt, err := parse(p, "serve", args, 0)
	if err != nil {
		return err
	}
	s, err := server.New(ctx, opt.cfg, server.Options{Roles: server.ParseRoles(opt.roles), Log: p.Stderr})
	if err != nil {
		return err
	}
	if err := s.Start(ctx); err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Stop(context.WithoutCancel(ctx))) }()
	if _, err := fmt.Fprintf(p.Stdout, "listening on %s\n", s.Addr()); err != nil {
		return err
	}
	select {
	case <-ctx.Done():
		return nil
	case err := <-s.Failed():
		return err
	}
}

// options are what the flags of a command say.
type options struct {
	cfg   server.Config
	roles string
	args  []string
}

// parse reads flags before and after the want arguments, and the configuration.
func parse(p proc.Proc, name string, args []string, want int) (options, error) {
	var opt options
	var config string
	flags := flag.NewFlagSet(name, flag.ContinueOnError)
	flags.SetOutput(io.Discard)
	flags.StringVar(&config, "config", "", "")
	if name == "serve" {
		flags.StringVar(&opt.roles, "roles", server.RoleAll, "")
	}
	for {
		if err := flags.Parse(args); err != nil {
			return options{}, fmt.Errorf("%s: %w: %w", name, err, errUsage)
		}
		if flags.NArg() == 0 {
			break
		}
		opt.args, args = append(opt.args, flags.Arg(0)), flags.Args()[1:]
	}
	if len(opt.args) != want {
		return options{}, fmt.Errorf("%s: got %d arguments, want %d: %w", name, len(opt.args), want, errUsage)
	}
	var err error
	opt.cfg, err = server.LoadConfig(p.Path(config), p.LookupEnv)
	opt.cfg.DataDir = p.Path(opt.cfg.DataDir)
	return opt, err
}

// oneLine puts joined errors on one line.
func oneLine(err error) string { return strings.ReplaceAll(err.Error(), "\n", "; ") }

// describe is the version line of this binary.
func describe(info *debug.BuildInfo) string {
	version, revision := "unknown", ""
	if info != nil {
		version = info.Main.Version
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				revision = " " + s.Value[:min(12, len(s.Value))]
			}
		}
	}
	return fmt.Sprintf("oaserver %s%s, %s %s/%s", version, revision, runtime.Version(), runtime.GOOS, runtime.GOARCH)
}
