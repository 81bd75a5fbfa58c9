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

// serve runs the platform until ctx ends. Once it listens, it says where.
func serve(ctx context.Context, p proc.Proc, listen, control, accounts string, cfg mockwechat.Config) (err error) {
	if accounts != "" {
		if cfg.Accounts, err = mockwechat.ReadAccounts(accounts); err != nil {
			return err
		}
	}
	platform, err := mockwechat.New(cfg)
	if err != nil {
		return err
	}
	if err = platform.Start(ctx, listen, control); err == nil {
		_, _ = fmt.Fprintf(p.Stdout, "mockwechat: api %s control %s\n", platform.Addr(), platform.ControlAddr())
		<-ctx.Done()
	}
	stop, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopWithin)
	defer cancel()
	return errors.Join(err, platform.Stop(stop))
}
