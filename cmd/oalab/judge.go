package main

import (
	"fmt"

	"github.com/spf13/cobra"
)

func (a *app) checkCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "check DIR",
		Short: "Judge a stored run again, from its evidence alone",
		Long: `check judges the run folder DIR again. Verdict, checkers and figures in its
run.json are not read, and nothing is written. The exit status is that of the
verdict.`,
		Example: `  oalab check reports/out/20261121-101500-smoke
  oalab check DIR --json | jq -r .verdict`,
		Args: cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			m, err := a.h.Check(a.p.Path(args[0]))
			if err != nil {
				return err
			}
			a.status = statusOf(m.Verdict)
			if asJSON {
				return printRunJSON(a.p.Stdout, args[0], m)
			}
			printRun(a.p.Stdout, args[0], m)
			return nil
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "the judged run.json, in one line")
	return cmd
}

func (a *app) reportCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "report DIR",
		Short: "Write the report files of a stored run again",
		Long: `report judges the run folder DIR again and rewrites its report files. Evidence and
run.json stay as they are.`,
		Example: `  oalab report reports/out/20261121-101500-smoke`,
		Args:    cobra.ExactArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if err := a.h.Report(a.p.Path(args[0])); err != nil {
				return err
			}
			fmt.Fprintf(a.p.Stdout, "report written into %s\n", args[0])
			return nil
		},
	}
}
