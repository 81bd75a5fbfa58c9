package main

import (
	"context"
	"fmt"
	"os"
	"runtime/debug"
	"time"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/scenarios/attack"
	"oalab/scenarios/load"
	"oalab/scenarios/load/profile"
)

// attackGarbage lets the heap grow to five times of what is in use, some tens of megabytes.
const attackGarbage = 400

// attackFlags are the flags of attack.
type attackFlags struct {
	rate, to, maxFailed  float64
	length, timeout      time.Duration
	workers, connections int
	out                  string
	json                 bool
	messages             messageFlags
}

func (a *app) attackCommand() *cobra.Command {
	var f attackFlags
	cmd := &cobra.Command{
		Use:   "attack URL",
		Short: "Offer load to one address: the bare generator, without a scenario",
		Long: `attack offers --rate operations a second for --for, whatever becomes of them, or climbs
(or falls) evenly to --to. An operation is a GET of the URL, or, with an account, a
follower's message to the callback that the URL names, signed and tried as the platform
does. Nothing is judged but the generator.

The URL must name an address of 127.0.0.0/8 (this machine) or 198.18.0.0/15 (the lab's
own networks); nothing else is ever loaded.

--out gets operations.gob, which vegeta's own commands read, plan.jsonl, attack.json
and, with messages, deliveries.jsonl. The first interrupt stops the arrivals, waits up to
5 s for what is under way and tells what there is.

Exit status: 0 offered as planned and answered; 99 when more than --max-failed of the
operations failed or could not be sent (a GET fails without an answer or with a status outside of
200-399, a message without one that the platform accepts); 98 when the generator was too
unpunctual or too near its ceiling to tell anything of the target; 1 and 130 as elsewhere.`,
		Example: `  oalab attack http://127.0.0.1:8080/readyz --rate 200 --for 10s
  oalab attack http://198.18.0.100/static/site.css --rate 100 --to 1000 --for 30s --json
  oalab attack http://127.0.0.1:8080/wechat/demo --rate 50 --for 10s --accounts accounts.yaml --mix text=8,query=2
  oalab attack http://127.0.0.1:8080/ --rate 50 --for 10s --out /tmp/a && vegeta report /tmp/a/operations.gob`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if !cmd.Flags().Changed("to") {
				f.to = f.rate
			}
			return a.attack(cmd.Context(), f, args[0])
		},
	}
	cmd.Flags().Float64Var(&f.rate, "rate", 50, "operations a second, in the beginning")
	cmd.Flags().Float64Var(&f.to, "to", 0, "operations a second in the end (default: as in the beginning)")
	cmd.Flags().DurationVar(&f.length, "for", 10*time.Second, "how long")
	cmd.Flags().DurationVar(&f.timeout, "timeout", 5*time.Second, "limit of one GET; a message has the platform's: 5 s a try, three tries")
	cmd.Flags().IntVar(&f.workers, "workers", 0, "operations in flight at most (default: what the longest ones need)")
	cmd.Flags().IntVar(&f.connections, "connections", 0, "connections to the target at most (default 1024)")
	cmd.Flags().Float64Var(&f.maxFailed, "max-failed", 0, "share of the operations that may fail, 0 to 1")
	cmd.Flags().StringVar(&f.out, "out", "", "folder of the results, new or empty (default: none are kept)")
	cmd.Flags().BoolVar(&f.json, "json", false, "the summary as JSON, times in seconds")
	f.messages.define(cmd)
	return cmd
}

// attack offers the load and tells what it came to.
func (a *app) attack(ctx context.Context, f attackFlags, url string) error {
	if f.maxFailed < 0 || f.maxFailed > 1 {
		return fmt.Errorf("--max-failed is %v; it is a share, 0 to 1", f.maxFailed)
	}
	shape, err := profile.Ramp(f.rate, f.to, f.length)
	if err != nil {
		return err
	}
	o := attack.Options{
		URL: url, Profile: shape, Timeout: f.timeout, MaxWorkers: f.workers, Connections: f.connections, Out: a.p.Path(f.out),
		Progress: func(p load.Progress) {
			fmt.Fprintf(a.p.Stderr, "%5.1f s  %d of %d started, %d failed, %d late, %d in flight\n", p.Elapsed.Seconds(), p.Started, p.Scheduled, p.Failed, p.Late, p.InFlight)
		},
	}
	if err := f.messages.into(&o, a.p); err != nil {
		return err
	}
	if o.Out == "" {
		if o.Out, err = os.MkdirTemp("", "oalab-attack-"); err != nil {
			return fmt.Errorf("make a folder for the results: %w", err)
		}
		defer func() { _ = os.RemoveAll(o.Out) }() // one of the system's temporary folders
	}
	// A small heap is collected often, and each collection takes time from the schedule.
	defer debug.SetGCPercent(debug.SetGCPercent(attackGarbage))
	defer a.onInterrupt(ctx, "oalab: interrupted: waiting for what is under way; interrupt again to leave at once")()
	s, err := attack.Run(ctx, o)
	switch {
	case proc.Interrupted(ctx):
		a.status = exit.Interrupted
		if err != nil {
			return err // before there was anything to tell
		}
	case err != nil:
		return err
	case float64(s.Failed+s.Dropped) > f.maxFailed*float64(s.Scheduled):
		a.status = exit.Failed
	case s.Generator.Bound != "":
		a.status = exit.Inconclusive
	}
	if f.out == "" {
		s.Folder = ""
	}
	if f.json {
		return a.printJSON(s)
	}
	printAttack(a.p.Stdout, s)
	return nil
}
