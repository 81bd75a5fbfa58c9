package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/serve"
)

func (a *app) serveCommand() *cobra.Command {
	at := serve.DefaultAddresses()
	cmd := &cobra.Command{
		Use:   "serve [SEED-FILE]",
		Short: "Start the server, the mocks and a demonstration account, to be used by hand",
		Long: `serve starts the reference server with the mock platform and the mock carrier on this
machine, without Docker, and prints the page of a follower's phone: open it in a browser
and use the account. SEED-FILE has keywords, business codes and bindings (docs/yaml.md);
without it the demonstration's own are used. A changed SEED-FILE is loaded again; one with a
mistake is not, and the mistake is shown with its line.

An interrupt ends everything and leaves nothing. Exit status 0 then, and 1 when something
could not start or the server ended by itself.`,
		Example: `  oalab serve
  oalab serve my-seed.yaml --server 127.0.0.1:9080`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			server, err := a.p.Find("oaserver")
			if err != nil {
				return fmt.Errorf("%w: make build puts it beside oalab", err)
			}
			o := serve.Options{Oaserver: server, At: at, Say: func(line string) { fmt.Fprintln(a.p.Stdout, line) }}
			if len(args) == 1 {
				o.Seed = a.p.Path(args[0])
			}
			return serve.Run(cmd.Context(), o)
		},
	}
	for _, one := range at.Each() {
		cmd.Flags().StringVar(one.Value, one.Flag, *one.Value, "address of "+one.Is)
	}
	return cmd
}
