package host

import (
	"context"
	"fmt"

	"oalab/chaos"
)

// Rules returns a fault that is a table of nftables inside a host, for links that Cut cannot
// tell apart, such as one port. In the rules, GATEWAY stands for the host's default gateway
// and PARTNER for the value of the variable of that name in the environment of its image. The
// table ends with the host. The fault is in effect and healed as soon as the kernel has the
// rules, and no longer has them.
func Rules(name string, target chaos.Target, ctl Insider, table, rules string) chaos.Fault {
	return ruled{chaos.Noop{As: name, On: target}, ctl, table, rules}
}

type ruled struct {
	chaos.Noop
	ctl          Insider
	table, rules string
}

// Inject sets the rules.
func (f ruled) Inject(ctx context.Context) error {
	const set = `gateway=$(ip route | awk '/^default/ { print $3; exit }'); echo "$1" | sed "s/PARTNER/$PARTNER/g; s/GATEWAY/$gateway/g" | nft -f -`
	if err := f.ctl.Run(ctx, "sh", "-c", set, f.table, f.rules); err != nil {
		return fmt.Errorf("set the rules of %s on %s: %w", f.As, f.On, err)
	}
	return nil
}

// Recover takes them back. It is no error if there are none.
func (f ruled) Recover(ctx context.Context) error {
	return f.ctl.Run(ctx, "nft", "destroy table inet "+f.table)
}
