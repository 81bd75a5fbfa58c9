package attack

import (
	"fmt"
	"net/netip"
	"net/url"
)

// allowed are the addresses that may be loaded: this machine itself, and the networks of
// the lab's containers, which are in the range reserved for benchmarks (RFC 2544). Neither
// leads to a host outside.
var allowed = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("198.18.0.0/15")}

// CheckTarget is nil for a URL that may be loaded. Its host must be an address. Otherwise a
// name could lead to another address between the check and the load.
func CheckTarget(target string) error {
	u, err := url.Parse(target)
	if err != nil {
		return fmt.Errorf("target %q: %w", target, err)
	}
	if u.Scheme != "http" && u.Scheme != "https" || u.Host == "" {
		return fmt.Errorf("target %q: want http://ADDRESS:PORT/PATH", target)
	}
	addr, err := netip.ParseAddr(u.Hostname())
	if err != nil {
		return fmt.Errorf("target %q: %q is a name; give the address, one of %s or %s", target, u.Hostname(), allowed[0], allowed[1])
	}
	for _, p := range allowed {
		if p.Contains(addr) {
			return nil
		}
	}
	return fmt.Errorf("target %q: %s may not be loaded; only %s (this machine) and %s (the lab's own networks) may", target, addr, allowed[0], allowed[1])
}
