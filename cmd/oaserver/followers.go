package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"text/tabwriter"

	"oalab/cmd/internal/proc"
	"oalab/server"
)

// followersOptions are what the flags of oaserver followers say.
type followersOptions struct {
	pages  int
	within age
}

// define adds the flags of one of the commands.
func (o *followersOptions) define(name string, flags *flag.FlagSet) {
	switch name {
	case "followers sync":
		flags.IntVar(&o.pages, "pages", 0, "")
	case "followers growth":
		o.within.Period = 30 * server.Day
		flags.Var(&o.within, "since", "")
	}
}

// followers synchronizes followers with the platform, or shows their growth.
func followers(ctx context.Context, p proc.Proc, args []string) (err error) {
	type work = func(context.Context, proc.Proc, *server.AccountFollowers, options) error
	name, do, err := under("followers", args, sub[work]{"sync", syncFollowers}, sub[work]{"growth", showGrowth})
	if err != nil {
		return err
	}
	opt, err := parse(p, name, args[1:], 1)
	if err != nil {
		return err
	}
	if opt.followers.pages < 0 {
		return fmt.Errorf("%s: --pages %d is negative: %w", name, opt.followers.pages, errUsage)
	}
	known, err := server.OpenFollowers(ctx, opt.cfg, opt.args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, known.Close()) }()
	return do(ctx, p, known, opt)
}

// toldEvery is after how many followers the progress is told.
const toldEvery = 10_000

func syncFollowers(ctx context.Context, p proc.Proc, known *server.AccountFollowers, opt options) error {
	next := toldEvery
	done, err := known.Sync(ctx, opt.followers.pages, func(now server.FollowerSync) {
		if now.Seen >= next {
			fmt.Fprintf(p.Stderr, "oaserver: %d of %d followers\n", now.Seen, now.Total)
			next = now.Seen + toldEvery
		}
	})
	if err != nil {
		return fmt.Errorf("after %d followers; the next synchronization goes on there: %w", done.Seen, err)
	}
	if !done.Ended {
		fmt.Fprintf(p.Stdout, "stored %d of %d followers; the next synchronization goes on there\n", done.Seen, done.Total)
		return nil
	}
	fmt.Fprintf(p.Stdout, "stored %d of %d followers; %d had left\n", done.Seen, done.Total, done.Left)
	return nil
}

func showGrowth(ctx context.Context, p proc.Proc, known *server.AccountFollowers, opt options) error {
	days, err := known.Growth(ctx, opt.followers.within.Period)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DAY\tSCENE\tGAINED\tLOST\tSCANNED")
	for _, g := range days {
		// A scene is a text of the account's own, or of a forged code: it is quoted.
		fmt.Fprintf(table, "%d\t%q\t%d\t%d\t%d\n", g.Day, g.Scene, g.Gained, g.Lost, g.Scanned)
	}
	return table.Flush()
}
