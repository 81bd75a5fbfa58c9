package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"oalab/cmd/internal/proc"
	"oalab/mockwechat"
)

// stopWithin is how long calls under way may take to end.
const stopWithin = 5 * time.Second

// addresses are where the platform is to be served.
type addresses struct {
	listen, control string
	secure          string // HTTPS; empty: not at all
	authority       string // the file for its certificate
}

// serve runs the platform until ctx ends. Once it listens, it says where.
func serve(ctx context.Context, p proc.Proc, at addresses, accounts string, cfg mockwechat.Config) (err error) {
	if accounts != "" {
		if cfg.Accounts, err = mockwechat.ReadAccounts(accounts); err != nil {
			return err
		}
	}
	platform, err := mockwechat.New(cfg)
	if err != nil {
		return err
	}
	err = platform.Start(ctx, at.listen, at.control)
	if err == nil && at.secure != "" {
		err = platform.StartTLS(ctx, at.secure, at.authority)
	}
	if err == nil {
		_, _ = fmt.Fprintf(p.Stdout, "mockwechat: api %s control %s\n", platform.Addr(), platform.ControlAddr())
		if at.secure != "" {
			_, _ = fmt.Fprintf(p.Stdout, "mockwechat: https %s authority %s\n", platform.TLSAddr(), at.authority)
		}
		<-ctx.Done()
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(err, platform.Stop(stop))
}
