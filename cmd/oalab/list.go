package main

import (
	"encoding/json"
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"
)

func (a *app) listCommand() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "list",
		Short: "List the scenarios",
		Example: `  oalab list
  oalab list --json | jq -r '.[].name'`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			all := a.h.Scenarios()
			if asJSON {
				return a.printJSON(all)
			}
			w := tabwriter.NewWriter(a.p.Stdout, 0, 4, 2, ' ', 0)
			fmt.Fprintln(w, "SCENARIO\tTOPOLOGIES\tARMS\tSOURCE\tWHAT IT SHOWS")
			for _, s := range all {
				fmt.Fprintf(w, "%s\t%s\t%s\t%s\t%s\n", s.Name, strings.Join(s.Topologies, ","), strings.Join(s.Arms, ","), s.Source, s.Title)
			}
			return w.Flush()
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "an array of {name, topology, topologies, source, title, arms}")
	return cmd
}

// printJSON writes v on standard output, indented.
func (a *app) printJSON(v any) error {
	enc := json.NewEncoder(a.p.Stdout)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return fmt.Errorf("write the result on standard output: %w", err)
	}
	return nil
}
