package main

import (
	"fmt"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/doctor"
	"oalab/cmd/internal/exit"
)

// diagnosis is the output of `oalab doctor --json`.
type diagnosis struct {
	Findings []doctor.Finding `json:"findings"`
	// Prevented says for each ability why this machine lacks it; "" when it has it.
	Prevented map[string]string `json:"prevented"`
}

func (a *app) doctorCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "doctor",
		Short: "Tell what this machine can run, and why not",
		Long: `doctor looks at the machine and changes nothing; where an image of oalab is there, a
container of it lives for a moment to try what hosts need. It exits with 1 when embedded
scenarios cannot run.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			d := diagnosis{Findings: doctor.Real(a.p).Examine(cmd.Context())}
			d.Prevented = doctor.Able(d.Findings)
			if d.Prevented[doctor.Embedded] != "" {
				a.status = exit.Usage
			}
			if asJSON {
				return a.printJSON(d)
			}
			return a.printDiagnosis(d)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "{findings: [{name, state, detail, remedy, prevents}], prevented: {ability: why}}")
	return cmd
}

func (a *app) printDiagnosis(d diagnosis) error {
	w := tabwriter.NewWriter(a.p.Stdout, 0, 4, 2, ' ', 0)
	for _, f := range d.Findings {
		fmt.Fprintf(w, "%s\t%s\t%s\n", f.State, f.Name, f.Detail)
		if f.Remedy != "" {
			fmt.Fprintf(w, "\t\t→ %s\n", f.Remedy)
		}
	}
	fmt.Fprintln(w)
	for _, ability := range doctor.Abilities() {
		answer := "yes"
		if why := d.Prevented[ability]; why != "" {
			answer = "no: " + why
		}
		fmt.Fprintf(w, "%s\t%s\n", ability, answer)
	}
	return w.Flush()
}
