package main

import (
	"context"
	"fmt"
	"log/slog"
	"strings"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/reports/printable"
)

// app is one execution of the program.
type app struct {
	p        proc.Proc
	h        harness
	stderr   *stream   // behind p.Stderr, which escapes what is not to be seen
	terminal *terminal // behind p.Stderr; nil: none
	logs     *slog.Logger
	status   int // what a command decided, when it ended without an error
}

// execute runs the command line of p and returns the exit status. An error is
// told in one line on standard error.
func execute(ctx context.Context, p proc.Proc, h harness) int {
	term := terminalOf(p.Stderr, p)
	stderr := &stream{w: p.Stderr} // progress and errors may meet
	p.Stderr = printable.Writer{W: stderr}
	p.Stdout = printable.Writer{W: p.Stdout}
	a := &app{p: p, h: h, stderr: stderr, terminal: term, status: exit.OK}
	root := a.root() //nolint:contextcheck // cobra hands each command its context
	root.SetArgs(p.Args)
	root.SetIn(p.Stdin)
	root.SetOut(p.Stdout)
	root.SetErr(p.Stderr)
	if err := root.ExecuteContext(ctx); err != nil {
		a.complain(err)
		return exit.Worst(a.status, exit.Usage)
	}
	return a.status
}

// complain tells one error in one line.
func (a *app) complain(err error) {
	fmt.Fprintln(a.p.Stderr, "oalab: "+oneLine(err))
}

// root is the command tree.
func (a *app) root() *cobra.Command {
	root := &cobra.Command{
		Use:   "oalab",
		Short: "Load, break and judge the reference back end of a WeChat official account",
		Long: `oalab runs scenarios: it starts the reference server with a mock WeChat platform and
a mock carrier, offers load by a schedule, injects faults, and judges what really
happened from the evidence that it stored.

Exit status: 0 pass, 1 usage or internal error, 98 inconclusive, 99 an objective
or invariant failed, 130 interrupted.`,
		Example: `  oalab doctor                 what this machine can run
  oalab list                   the scenarios
  oalab run smoke              run one; the report lands in reports/out
  oalab check reports/out/DIR  judge a stored run again
  oalab compare A B            what changed between two runs`,
		Args:          cobra.NoArgs,
		SilenceUsage:  true,
		SilenceErrors: true,
		RunE:          func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	verbose := root.PersistentFlags().BoolP("verbose", "v", false, "log what the harness does, on standard error")
	root.PersistentPreRun = func(*cobra.Command, []string) {
		level := slog.LevelWarn
		if *verbose {
			level = slog.LevelDebug
		}
		a.logs = slog.New(slog.NewTextHandler(a.p.Stderr, &slog.HandlerOptions{Level: level}))
	}
	root.AddCommand(a.runCommand(), a.attackCommand(), a.pingpongCommand(), a.listCommand(), a.checkCommand(), a.reportCommand(), a.compareCommand(), a.imagesCommand(), a.doctorCommand(), a.serveCommand(), a.upCommand(), a.downCommand(), a.cleanCommand(), a.versionCommand())
	return root
}

// oneLine is an error as one line, joined errors included.
func oneLine(err error) string {
	var parts []string
	for line := range strings.SplitSeq(err.Error(), "\n") {
		if line = strings.TrimSpace(line); line != "" {
			parts = append(parts, line)
		}
	}
	return strings.Join(parts, "; ")
}
