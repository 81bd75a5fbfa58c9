package server

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"slices"

	"oalab/server/internal/telemetry"
)

// tool opens what a command needs of a server that is never started. It belongs to one goroutine.
type tool struct {
	*build
	account string
}

// openTool judges the configuration and the name of the account that the command is for.
// Nothing is opened before it is asked for.
func openTool(ctx context.Context, cfg Config, account string) (*tool, error) {
	if err := cfg.Validate(); err != nil {
		return nil, fmt.Errorf("configuration: %w", err)
	}
	if !slices.ContainsFunc(cfg.Accounts, func(a Account) bool { return a.Name == account }) {
		return nil, fmt.Errorf("account %q is not configured", account)
	}
	s := &Server{cfg: cfg, roles: roles{}, log: slog.New(slog.DiscardHandler), ready: &readiness{}, reg: telemetry.NewRegistry()}
	return &tool{newBuild(ctx, s), account}, nil
}

// Close closes what was opened.
func (t *tool) Close() error { return t.stops.unwind(context.WithoutCancel(t.ctx), stopTimeout) }

// errNoPlatform says what a command lacks that calls the platform.
var errNoPlatform = errors.New("wechat.api_base is empty: the platform cannot be asked")
