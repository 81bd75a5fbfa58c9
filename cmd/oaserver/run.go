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
                         or callback, worker, oauth, control with commas between; scaler,
                         alone, on the host of a load balancer
  migrate                bring the tables of the database up to date
  seed FILE [--dry-run] [--prune[=SECTIONS]]
                         load keyword answers, business codes, bindings and the menu;
                         the menu of the file replaces the stored one; --dry-run
                         shows what would change; --prune also removes what the file
                         does not have, in the sections that it has: SECTIONS are
                         keywords,business (default) and, only when named, bindings
  dead list [--kind KIND] [--since WHEN] [--limit N] [--json]
                         show jobs that were given up, the latest first; KIND is order,
                         query, tell, profile or media; WHEN is an age (3d, 12h) or a time (2026-11-29,
                         2026-11-29T08:00:00Z); N is 100 when left out, 0 means all
  dead retry ID... | --all
                         put them back into work, each once: an order keeps its serial
                         and gets all its rounds again
  dead drop ID... | --older-than AGE
                         delete them; by age those stay whose order is still open
  followers sync ACCOUNT [--pages N]
                         store the followers whom the platform lists, with their profiles;
                         it goes on where one before it ended early; N bounds the calls
                         for the list, of which the platform allows 500 a day
  followers growth ACCOUNT [--since AGE]
                         show how many followers came, left and scanned each day by
                         scene; AGE is 30d when left out
  menu show|diff|publish ACCOUNT
                         show the stored menu, how it differs from the one that the
                         platform shows, or make the platform show it
  menu taps ACCOUNT [--since AGE]
                         count the taps on its buttons by day; AGE is 7d when left out
  media add ACCOUNT FILE [--name NAME] [--kind KIND]
                         store a file that answers can name, and upload it; servers
                         upload it anew before its three days at the platform end;
                         KIND is image, voice, video or thumb (the picture of music),
                         and that of the content when left out
  media list ACCOUNT     show the files, until when the platform has them, and why not
  media drop ACCOUNT NAME
                         end the use of a file: answers that name it show their text
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
		return loadSeed(ctx, p, opt)
	case "dead":
		return dead(ctx, p, args)
	case "followers":
		return followers(ctx, p, args)
	case "menu":
		return menus(ctx, p, args)
	case "media":
		return media(ctx, p, args)
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

// loadSeed loads a file, or shows what that would change.
func loadSeed(ctx context.Context, p proc.Proc, opt options) error {
	report, err := server.SeedWith(ctx, opt.cfg, p.Path(opt.args[0]), server.SeedOptions{DryRun: opt.dryRun, Prune: opt.prune})
	if err != nil {
		return err
	}
	if opt.dryRun {
		for _, c := range report.Changes {
			fmt.Fprintf(p.Stdout, "%s: %d new, %d changed, %d removed, %d as they are\n",
				c.Section, len(c.New), len(c.Changed), len(c.Removed), c.Same)
			for _, list := range []struct {
				sign  string
				names []string
			}{{"+", c.New}, {"~", c.Changed}, {"-", c.Removed}} {
				for _, name := range list.names {
					fmt.Fprintf(p.Stdout, "  %s %s\n", list.sign, name)
				}
			}
		}
		fmt.Fprintln(p.Stderr, "oaserver: nothing was stored")
		return nil
	}
	menu := ""
	if report.Buttons > 0 {
		menu = fmt.Sprintf(", a menu of %d buttons", report.Buttons)
	}
	fmt.Fprintf(p.Stderr, "oaserver: stored %d keywords, %d business codes, %d bindings%s%s\n",
		report.Keywords, report.Business, report.Bindings, menu, removed(report.Changes))
	return nil
}

// removed counts what was pruned, "" when nothing was.
func removed(changes []server.SeedChanges) string {
	var parts []string
	for _, c := range changes {
		if len(c.Removed) > 0 {
			parts = append(parts, fmt.Sprintf("%d of %s", len(c.Removed), c.Section))
		}
	}
	if len(parts) == 0 {
		return ""
	}
	return "; removed " + strings.Join(parts, ", ")
}

// sections is the value of --prune, which may be left out.
type sections []string

// String implements flag.Value.
func (s *sections) String() string { return strings.Join(*s, ",") }

// IsBoolFlag lets the flag stand without a value.
func (*sections) IsBoolFlag() bool { return true }

// Set implements flag.Value.
func (s *sections) Set(value string) error {
	switch value {
	case "true":
		value = "keywords,business"
	case "false":
		return nil
	}
	*s = append(*s, strings.Split(value, ",")...)
	return nil
}

// options are what the flags of a command say.
type options struct {
	cfg   server.Config
	roles string
	args  []string

	dryRun bool
	prune  sections

	dead      deadOptions
	followers followersOptions
	menu      menuOptions
	media     mediaOptions
}

// anyNumber is the number of arguments of a command that judges them itself.
const anyNumber = -1

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
	if name == "seed" {
		flags.BoolVar(&opt.dryRun, "dry-run", false, "")
		flags.Var(&opt.prune, "prune", "")
	}
	opt.dead.define(name, flags)
	opt.followers.define(name, flags)
	opt.menu.define(name, flags)
	opt.media.define(name, flags)
	for {
		if err := flags.Parse(args); err != nil {
			return options{}, fmt.Errorf("%s: %w: %w", name, err, errUsage)
		}
		if flags.NArg() == 0 {
			break
		}
		opt.args, args = append(opt.args, flags.Arg(0)), flags.Args()[1:]
	}
	if want != anyNumber && len(opt.args) != want {
		return options{}, fmt.Errorf("%s: got %d arguments, want %d: %w", name, len(opt.args), want, errUsage)
	}
	var err error
	opt.cfg, err = server.ReadConfig(p.Path(config), p.LookupEnv)
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
