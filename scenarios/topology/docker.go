package topology

import (
	"context"
	"errors"
)

type Layout struct{}

func startDocker(ctx context.Context, spec Spec) (System, error) { return nil, errors.New("not yet") }
