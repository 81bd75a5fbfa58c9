package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
)

func (a *app) listCommand() *cobra.Command {
	var asJSON, long bool
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
			rows := [][3]string{{"SCENARIO", "TOPOLOGIES", "WHAT IT SHOWS"}}
			for _, s := range all {
				rows = append(rows, [3]string{s.Name, strings.Join(s.Topologies, ","), s.Title})
				if long {
					rows = append(rows, [3]string{2: "arms: " + strings.Join(s.Arms, ", ")}, [3]string{2: "source: " + s.Source})
				}
			}
			return printWrapped(a.p.Stdout, rows)
		},
	}
	cmd.Flags().BoolVar(&long, "long", false, "arms and source too")
	cmd.Flags().BoolVar(&asJSON, "json", false, "an array of {name, topology, topologies, source, title, arms}")
	return cmd
}

// printWrapped prints three columns, of which the last is wrapped at the width of a usual
// terminal.
func printWrapped(w io.Writer, rows [][3]string) error {
	var width [2]int
	for _, r := range rows {
		for i := range width {
			width[i] = max(width[i], utf8.RuneCountInString(r[i]))
		}
	}
	for _, r := range rows {
		for i, line := range wrap(r[2], usualColumns-width[0]-width[1]-4) {
			if i > 0 {
				r[0], r[1] = "", ""
			}
			if _, err := fmt.Fprintf(w, "%-*s  %-*s  %s\n", width[0], r[0], width[1], r[1], line); err != nil {
				return fmt.Errorf("write the list on standard output: %w", err)
			}
		}
	}
	return nil
}

// wrap breaks a text between words into lines of so many characters at most, where no
// single word is longer.
func wrap(text string, most int) []string {
	lines := []string{""}
	for word := range strings.FieldsSeq(text) {
		last := &lines[len(lines)-1]
		switch {
		case *last == "":
			*last = word
		case utf8.RuneCountInString(*last)+1+utf8.RuneCountInString(word) <= most:
			*last += " " + word
		default:
			lines = append(lines, word)
		}
	}
	return lines
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
