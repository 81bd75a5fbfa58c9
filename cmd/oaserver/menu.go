package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"text/tabwriter"

	"oalab/cmd/internal/proc"
	"oalab/server"
)

// menuOptions are what the flags of oaserver menu say.
type menuOptions struct{ within age }

// define adds the flags of one of the commands.
func (o *menuOptions) define(name string, flags *flag.FlagSet) {
	if name == "menu taps" {
		o.within.Period = 7 * server.Day
		flags.Var(&o.within, "since", "")
	}
}

// menus shows, compares and publishes the menu of an account, and counts its taps.
func menus(ctx context.Context, p proc.Proc, args []string) (err error) {
	type work = func(context.Context, proc.Proc, *server.Menus, options) error
	name, do, err := under("menu", args,
		sub[work]{"show", showMenu}, sub[work]{"diff", diffMenu}, sub[work]{"publish", publishMenu}, sub[work]{"taps", showTaps})
	if err != nil {
		return err
	}
	opt, err := parse(p, name, args[1:], 1)
	if err != nil {
		return err
	}
	m, err := server.OpenMenus(ctx, opt.cfg, opt.args[0])
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, m.Close()) }()
	return do(ctx, p, m, opt)
}

func showMenu(ctx context.Context, p proc.Proc, m *server.Menus, _ options) error {
	buttons, err := m.Stored(ctx)
	if err != nil {
		return err
	}
	if len(buttons) == 0 {
		fmt.Fprintln(p.Stderr, "oaserver: no menu is stored")
	}
	for i, b := range buttons {
		fmt.Fprintf(p.Stdout, "%d %s\n", i+1, b.Describe())
		for j, sub := range b.Sub {
			fmt.Fprintf(p.Stdout, "  %d.%d %s\n", i+1, j+1, sub.Describe())
		}
	}
	return nil
}

func diffMenu(ctx context.Context, p proc.Proc, m *server.Menus, _ options) error {
	changes, err := m.Diff(ctx)
	if err != nil {
		return err
	}
	printChanges(p.Stdout, changes)
	if len(changes) == 0 {
		fmt.Fprintln(p.Stderr, "oaserver: the platform shows the stored menu")
	}
	return nil
}

func publishMenu(ctx context.Context, p proc.Proc, m *server.Menus, _ options) error {
	changes, err := m.Publish(ctx)
	printChanges(p.Stdout, changes)
	switch {
	case err != nil:
		return err
	case len(changes) == 0:
		fmt.Fprintln(p.Stderr, "oaserver: the platform shows the stored menu already")
	default:
		fmt.Fprintln(p.Stderr, "oaserver: published; phones show it within five minutes")
	}
	return nil
}

// printChanges shows what the platform has with - and what is stored with +.
func printChanges(to io.Writer, changes []server.MenuDifference) {
	for _, c := range changes {
		if c.Shown != "" {
			fmt.Fprintf(to, "- %s %s\n", c.Place, c.Shown)
		}
		if c.Stored != "" {
			fmt.Fprintf(to, "+ %s %s\n", c.Place, c.Stored)
		}
	}
}

func showTaps(ctx context.Context, p proc.Proc, m *server.Menus, opt options) error {
	taps, err := m.Taps(ctx, opt.menu.within.Period)
	if err != nil {
		return err
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(table, "DAY\tTAPS\tSHARE\tBUTTON\tEVENT\tKEY")
	for _, t := range taps {
		fmt.Fprintf(table, "%d\t%d\t%.1f%%\t%q\t%s\t%q\n", t.Day, t.Count, 100*t.Share, t.Name, t.Event, t.Key)
	}
	return table.Flush()
}
