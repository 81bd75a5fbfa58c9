package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/mockcarrier"
)

const (
	startLimit = 10 * time.Second
	stopLimit  = 5 * time.Second
)

// run serves until ctx ends.
func run(ctx context.Context, p proc.Proc) int {
	flags := flag.NewFlagSet(p.Name, flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	listen := flags.String("listen", "127.0.0.1:8083", "`address` of the SOAP service")
	control := flags.String("control", "127.0.0.1:8084", "`address` of the control port; it has no password: every client that reaches it controls the mock")
	path := flags.String("ledger", "", "`file` of the ledger, continued when it exists (default a temporary file)")
	seed := flags.Uint64("seed", 1, "`number` that seeds the fault rules and the subscribers")
	noDedup := flags.Bool("no-dedup", false, "apply every call, also with a serial that was applied before")
	products := flags.String("products", "", "`codes` that can be ordered, separated by commas (default any)")
	of := flags.String("carrier", "", "whose numbers are subscribers, one of "+strings.Join(mockcarrier.Carriers(), ", ")+" (default all numbers are)")
	switch err := flags.Parse(p.Args); {
	case errors.Is(err, flag.ErrHelp):
		return exit.OK
	case err != nil:
		return exit.Usage
	case flags.NArg() > 0:
		fmt.Fprintf(p.Stderr, "%s: unexpected argument %q, see --help\n", p.Name, flags.Arg(0))
		return exit.Usage
	}
	cfg := mockcarrier.Config{
		LedgerPath: p.Path(*path),
		Seed:       *seed,
		NoDedup:    *noDedup,
		Carrier:    *of,
		Log:        slog.New(slog.NewTextHandler(p.Stderr, nil)),
	}
	if *products != "" {
		cfg.Products = strings.Split(*products, ",")
	}
	if err := serve(ctx, p, cfg, *listen, *control); err != nil {
		fmt.Fprintf(p.Stderr, "%s: %v\n", p.Name, err)
		return exit.Usage
	}
	return exit.OK
}

// serve prints one line with the two addresses once it listens.
func serve(ctx context.Context, p proc.Proc, cfg mockcarrier.Config, listen, control string) (err error) {
	c, err := mockcarrier.New(cfg)
	if err != nil {
		return err
	}
	defer func() {
		// ctx has ended by now; stopping has its own limit.
		stopping, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopLimit)
		defer cancel()
		err = errors.Join(err, c.Stop(stopping))
	}()
	starting, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	if err := c.Start(starting, listen, control); err != nil {
		return err
	}
	fmt.Fprintf(p.Stdout, "mockcarrier: service %s control %s\n", c.Addr(), c.ControlAddr())
	<-ctx.Done()
	return nil
}
