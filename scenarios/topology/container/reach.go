package container

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// reachTimeout is how long an answer may take. On a bridge it comes within a
// millisecond, and the kernel gives it, however slow the host's processes are.
const reachTimeout = 300 * time.Millisecond

// reachPort is one where nobody listens: a refusal is an answer.
const reachPort = 1

// Reach makes one observation: whether packets get from the host to a peer and back.
// For the zero address this process looks at the host from outside. A peer that is
// down is not reached, one that is frozen is.
func (h *Host) Reach(ctx context.Context, peer netip.Addr) (bool, error) {
	if peer.IsValid() {
		return h.reachInside(ctx, peer)
	}
	d := net.Dialer{Timeout: reachTimeout}
	c, err := d.DialContext(ctx, "tcp", netip.AddrPortFrom(h.spec.Addr, reachPort).String())
	if err == nil {
		return true, c.Close()
	}
	if ctx.Err() != nil {
		return false, context.Cause(ctx)
	}
	if errors.Is(err, syscall.ECONNREFUSED) {
		return true, nil
	}
	var timeout net.Error
	if errors.As(err, &timeout) && timeout.Timeout() || errors.Is(err, syscall.EHOSTUNREACH) || errors.Is(err, syscall.ENETUNREACH) {
		return false, nil
	}
	return false, fmt.Errorf("reach %s: %w", h.spec.Name, err)
}

// The exit status of timeout when it had to end the command.
const timedOut = 124

func (h *Host) reachInside(ctx context.Context, peer netip.Addr) (bool, error) {
	r, err := h.Exec(ctx, "timeout", strconv.FormatFloat(reachTimeout.Seconds(), 'f', 1, 64),
		"env", "LC_ALL=C", "bash", "-c", `exec 3<>"/dev/tcp/$0/$1"`, peer.String(), strconv.Itoa(reachPort))
	switch {
	case err != nil:
		return false, err
	case r.Code == 0, strings.Contains(r.Output, "Connection refused"):
		return true, nil
	case r.Code == timedOut, strings.Contains(r.Output, "unreachable"), strings.Contains(r.Output, "No route to host"):
		return false, nil
	}
	return false, fmt.Errorf("reach %s from %s: %w", peer, h.spec.Name, r.failed())
}
