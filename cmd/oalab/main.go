// Command oalab is the harness: it runs scenarios against the reference server,
// judges stored runs again, draws their reports, and says what this machine can
// run. Exit statuses are those of package cmd/internal/exit.
package main

import (
	"context"
	"os"

	"oalab/cmd/internal/proc"
)

func main() {
	os.Exit(proc.Run(context.Background(), proc.Real(), run))
}

// run is the whole program as a function of its process.
func run(ctx context.Context, p proc.Proc) int {
	return execute(ctx, p, catalogue{})
}
