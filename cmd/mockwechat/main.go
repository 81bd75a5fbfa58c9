// Command mockwechat runs the mock WeChat platform: its APIs on one address, its
// control port on another (MOCKW-1, MOCKW-3).
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"os"

	"oalab/cmd/internal/exit"
	"oalab/cmd/internal/proc"
	"oalab/mockwechat"
)

func main() { os.Exit(proc.Run(context.Background(), proc.Real(), run)) }

func run(ctx context.Context, p proc.Proc) int {
	flags := flag.NewFlagSet("mockwechat", flag.ContinueOnError)
	flags.SetOutput(p.Stderr)
	listen := flags.String("listen", "127.0.0.1:8081", "`address` of the platform's APIs")
	control := flags.String("control", "127.0.0.1:8082", "`address` of the control port")
	accounts := flags.String("accounts", "", "YAML or JSON `file` with the accounts")
	ledger := flags.String("ledger", "", "`file` that gets a line for every call (default: kept in memory)")
	secure := flags.String("tls", "", "`address` of the APIs over HTTPS, under the platform's host names (default: none)")
	authority := flags.String("tls-ca", "mockwechat-ca.pem", "`file` that gets the certificate of the test authority, with --tls")
	seed := flags.Uint64("seed", 1, "`number` that makes tokens and message ids repeatable")
	err := flags.Parse(p.Args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		return exit.OK
	case err != nil:
		return exit.Usage // the flag package has said why
	case flags.NArg() > 0:
		err = fmt.Errorf("unexpected argument %q", flags.Arg(0))
	default:
		cfg := mockwechat.Config{LedgerPath: p.Path(*ledger), Seed: *seed}
		at := addresses{listen: *listen, control: *control, secure: *secure, authority: p.Path(*authority)}
		err = serve(ctx, p, at, p.Path(*accounts), cfg)
	}
	if err != nil {
		_, _ = fmt.Fprintln(p.Stderr, "mockwechat:", err)
		return exit.Usage
	}
	return exit.OK
}
