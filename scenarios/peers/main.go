// Command peers measures what a user would pick instead of oaserver beside oaserver
// itself, in one run: the same encrypted messages, the same MySQL and Redis, the same
// driver. Only the ratios of a run carry over to other machines. docs/peers.md says how
// to run it and how to read it.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// options are what the command line says.
type options struct {
	oaserver, vegeta string
	mysql, redis     string
	rounds           int
	length           time.Duration
	limit            time.Duration
	only             string
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := run(ctx, os.Args[1:]); err != nil {
		fmt.Fprintln(os.Stderr, "peers:", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string) error {
	if len(args) == 2 && args[0] == serveCommand { // a child of this program
		return serve(ctx, args[1])
	}
	var o options
	flags := flag.NewFlagSet("peers", flag.ContinueOnError)
	flags.StringVar(&o.oaserver, "oaserver", "", "the built `binary`; it must be named")
	flags.StringVar(&o.vegeta, "vegeta", "", "vegeta's command-line `binary`; without it the generator's row is left out")
	flags.StringVar(&o.mysql, "mysql", os.Getenv("OALAB_TEST_MYSQL_DSN"), "data source `name` of an account that may make databases, as oalab up stores prints it")
	flags.StringVar(&o.redis, "redis", os.Getenv("OALAB_TEST_REDIS_ADDR"), "`address` of Redis")
	flags.IntVar(&o.rounds, "rounds", 5, "interleaved `rounds`, of which the medians count")
	flags.DurationVar(&o.length, "for", 2*time.Second, "length of each measurement")
	flags.DurationVar(&o.limit, "limit", 15*time.Minute, "end of it all")
	flags.StringVar(&o.only, "only", "", "measure one `peer` alone, for its profile")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if o.oaserver == "" || o.mysql == "" || o.redis == "" {
		return errors.New("-oaserver, -mysql and -redis are needed: make peers sets them")
	}
	if o.rounds < 1 || o.length < 100*time.Millisecond {
		return errors.New("-rounds must be at least 1, -for at least 100ms")
	}
	ctx, cancel := context.WithTimeout(ctx, o.limit)
	defer cancel()
	return compare(ctx, o)
}
