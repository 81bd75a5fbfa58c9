package host

import (
	"context"

	"oalab/chaos"
)

// Without returns a fault of a process, such as KillInside, that also takes a file inside the
// host away. Without its binary a process cannot be started again before the fault is
// recovered. The file keeps its content under another name in its folder.
func Without(f chaos.Fault, ctl Insider, path string) chaos.Fault { return without{f, ctl, path} }

type without struct {
	chaos.Fault
	ctl  Insider
	path string
}

// awayEnding ends the name of a file that was taken away.
const awayEnding = ".away"

// Inject takes the file away first.
func (f without) Inject(ctx context.Context) error {
	if err := f.ctl.Run(ctx, "mv", f.path, f.path+awayEnding); err != nil {
		return err
	}
	return f.Fault.Inject(ctx)
}

// Recover brings the file back first. A file that is back already is no error.
func (f without) Recover(ctx context.Context) error {
	const back = `[ ! -e "$2" ] || mv "$2" "$1"`
	if err := f.ctl.Run(ctx, "sh", "-c", back, "oalab-back", f.path, f.path+awayEnding); err != nil {
		return err
	}
	return f.Fault.Recover(ctx)
}
