// Command oaserver is the reference back end of an official account. Its only
// line on standard output while it serves is "listening on ADDR"; its log, JSON
// lines, goes to standard error. Exit statuses are those of package
// cmd/internal/exit.
package main

import (
	"context"
	"os"
	_ "time/tzdata" // carrier.time_zone means the same on a host without that database

	"oalab/cmd/internal/proc"
)

func main() {
	os.Exit(proc.Run(context.Background(), proc.Real(), run))
}
