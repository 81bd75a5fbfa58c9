package main

import (
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"text/tabwriter"
	"time"
	"unicode"
	"unicode/utf16"

	"oalab/cmd/internal/proc"
	"oalab/server"
)

// deadOptions are what the flags of oaserver dead say.
type deadOptions struct {
	kind      string
	since     moment
	limit     int
	json      bool
	all       bool
	olderThan age
}

// define adds the flags of one of the commands.
func (o *deadOptions) define(name string, flags *flag.FlagSet) {
	switch name {
	case "dead list":
		flags.StringVar(&o.kind, "kind", "", "")
		flags.Var(&o.since, "since", "")
		flags.IntVar(&o.limit, "limit", 100, "")
		flags.BoolVar(&o.json, "json", false, "")
	case "dead retry":
		flags.BoolVar(&o.all, "all", false, "")
	case "dead drop":
		flags.Var(&o.olderThan, "older-than", "")
	}
}

// age is a period that may be left out.
type age struct {
	server.Period
	set bool
}

// Set implements flag.Value.
func (a *age) Set(value string) error {
	a.set = true
	return a.UnmarshalText([]byte(value))
}

// moment is an age or a time.
type moment struct {
	age age
	at  time.Time
}

// String implements flag.Value.
func (m *moment) String() string { return m.at.String() }

// Set implements flag.Value.
func (m *moment) Set(value string) error {
	for _, layout := range []string{time.RFC3339, time.DateOnly} {
		if at, err := time.Parse(layout, value); err == nil {
			m.at = at
			return nil
		}
	}
	if m.age.Set(value) != nil {
		return fmt.Errorf("%q is neither an age such as 3d or 12h nor a time such as 2026-11-29 or 2026-11-29T08:00:00Z", value)
	}
	return nil
}

// dead lists the jobs that were given up, puts them back into work, or drops them.
func dead(ctx context.Context, p proc.Proc, args []string) (err error) {
	type work = func(context.Context, proc.Proc, *server.Dead, options, []int64) error
	name, do, err := under("dead", args, sub[work]{"list", listDead}, sub[work]{"retry", retryDead}, sub[work]{"drop", dropDead})
	if err != nil {
		return err
	}
	opt, err := parse(p, name, args[1:], anyNumber)
	if err != nil {
		return err
	}
	ids, err := opt.dead.judge(name, opt.args)
	if err != nil {
		return err
	}
	letters, err := server.OpenDead(ctx, opt.cfg)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, letters.Close()) }()
	return do(ctx, p, letters, opt, ids)
}

// judge checks that the flags and arguments of a command go together.
func (o *deadOptions) judge(name string, args []string) (ids []int64, err error) {
	others, instead := o.all, "--all"
	switch name {
	case "dead list":
		if len(args) > 0 {
			return nil, fmt.Errorf("%s: got %d arguments, want 0: %w", name, len(args), errUsage)
		}
		if o.limit < 0 {
			return nil, fmt.Errorf("%s: --limit %d is negative: %w", name, o.limit, errUsage)
		}
		return nil, nil
	case "dead drop":
		others, instead = o.olderThan.set, "--older-than"
	}
	switch {
	case len(args) == 0 && !others:
		return nil, fmt.Errorf("%s: want IDs or %s: %w", name, instead, errUsage)
	case len(args) > 0 && others:
		return nil, fmt.Errorf("%s: want IDs or %s, not both: %w", name, instead, errUsage)
	}
	for _, arg := range args {
		id, err := strconv.ParseInt(arg, 10, 64)
		if err != nil || id < 1 {
			return nil, fmt.Errorf("%s: %q is not the ID of a dead letter: %w", name, arg, errUsage)
		}
		ids = append(ids, id)
	}
	return ids, nil
}

func listDead(ctx context.Context, p proc.Proc, letters *server.Dead, opt options, _ []int64) error {
	f := server.DeadFilter{Kind: opt.dead.kind, Since: opt.dead.since.at, Within: opt.dead.since.age.Period, Limit: opt.dead.limit}
	if opt.dead.json {
		return letters.List(ctx, f, func(l server.DeadLetter) error {
			line, err := json.Marshal(l)
			if err != nil {
				return err
			}
			_, err = fmt.Fprintln(p.Stdout, escapedJSON(line))
			return err
		})
	}
	table := tabwriter.NewWriter(p.Stdout, 0, 0, 2, ' ', 0)
	empty := true
	err := letters.List(ctx, f, func(l server.DeadLetter) error {
		if empty {
			fmt.Fprintln(table, "ID\tBURIED\tATTEMPTS\tJOB\tREASON")
			empty = false
		}
		// The reason quotes the carrier and the platform. Otherwise their control characters would reach the terminal.
		_, err := fmt.Fprintf(table, "%d\t%s\t%d\t%s\t%q\n", l.ID, l.Buried.Format(time.RFC3339), l.Attempts, plain(l.Key), l.Reason)
		return err
	})
	if empty && err == nil {
		fmt.Fprintln(p.Stderr, "oaserver: there are no such dead letters")
	}
	return errors.Join(err, table.Flush())
}

// escapedJSON is one JSON value with each character that a terminal does not show written as
// \uXXXX. The value stays the same. package json leaves C1 control characters and those
// that change the direction of a line as they are.
func escapedJSON(value []byte) string {
	var b strings.Builder
	for _, r := range string(value) {
		if unicode.IsGraphic(r) {
			b.WriteRune(r)
			continue
		}
		for _, unit := range utf16.Encode([]rune{r}) {
			fmt.Fprintf(&b, `\u%04x`, unit)
		}
	}
	return b.String()
}

// plain is a text as it stands when it can be printed, and quoted otherwise.
func plain(text string) string {
	if quoted := strconv.Quote(text); quoted != `"`+text+`"` {
		return quoted
	}
	return text
}

func retryDead(ctx context.Context, p proc.Proc, letters *server.Dead, opt options, ids []int64) error {
	var failed []error
	each := func(id int64, outcome string, err error) {
		if err != nil {
			failed = append(failed, err)
			return
		}
		fmt.Fprintf(p.Stdout, "%d: %s\n", id, outcome)
	}
	if opt.dead.all {
		if err := letters.RetryAll(ctx, each); err != nil {
			failed = append(failed, err)
		}
	}
	for _, id := range ids {
		outcome, err := letters.Retry(ctx, id)
		each(id, outcome, err)
	}
	return errors.Join(failed...)
}

func dropDead(ctx context.Context, p proc.Proc, letters *server.Dead, opt options, ids []int64) error {
	if opt.dead.olderThan.set {
		dropped, kept, err := letters.DropOlder(ctx, opt.dead.olderThan.Period)
		fmt.Fprintf(p.Stdout, "dropped %d, kept %d whose order is open\n", dropped, kept)
		return err
	}
	var failed []error
	for _, id := range ids {
		if err := letters.Drop(ctx, id); err != nil {
			failed = append(failed, err)
			continue
		}
		fmt.Fprintf(p.Stdout, "%d: dropped\n", id)
	}
	return errors.Join(failed...)
}
