package main

import (
	"fmt"
	"net"
	"time"

	"github.com/spf13/cobra"

	"oalab/cmd/internal/proc"
	"oalab/scenarios/attack"
	"oalab/scenarios/pingpong"
)

// pingpongCommand measures a network between two hosts of a lab. The scenario
// network-baseline runs it in its generators' containers. It is hidden from users.
func (a *app) pingpongCommand() *cobra.Command {
	var serve bool
	var each time.Duration
	cmd := &cobra.Command{
		Use: "pingpong ADDR:PORT", Hidden: true, Args: cobra.ExactArgs(1),
		Short: "Measure a network between two hosts: one serves, the other measures and prints JSON",
		RunE: func(cmd *cobra.Command, args []string) error {
			ctx := cmd.Context()
			if err := attack.CheckTarget("http://" + args[0]); err != nil {
				return err
			}
			if serve {
				ln, err := new(net.ListenConfig).Listen(ctx, "tcp", args[0])
				if err != nil {
					return fmt.Errorf("serve measurements: %w", err)
				}
				return pingpong.Serve(ctx, ln)
			}
			batches, err := pingpong.Measure(ctx, args[0], each)
			if err != nil || proc.Interrupted(ctx) {
				return err
			}
			return a.printJSON(batches)
		},
	}
	cmd.Flags().BoolVar(&serve, "serve", false, "answer measurements at this address until interrupted")
	cmd.Flags().DurationVar(&each, "for", 60*time.Millisecond, "length of one batch; there are ten of each size")
	return cmd
}
