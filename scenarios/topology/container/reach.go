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
const reachTimeout = 500 * time.Millisecond

// reachPort is a port on which no program listens. A refusal counts as an answer.
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

// knock connects to $0, port $1, and gives up after $2 seconds. The clock runs in
// a process of its own, so that on a busy machine its start comes on top: with
// timeout(1) the start of bash would count as silence of the peer.
const knock = `(sleep "$2"; kill -ALRM $$) >/dev/null 2>&1 & clock=$!; ` +
	`true 3<>"/dev/tcp/$0/$1"; code=$?; kill $clock; exit $code`

// The exit status of a shell that signal ALRM ended.
const silence = 128 + 14

func (h *Host) reachInside(ctx context.Context, peer netip.Addr) (bool, error) {
	r, err := h.Exec(ctx, "env", "LC_ALL=C", "bash", "-c", knock,
		peer.String(), strconv.Itoa(reachPort), strconv.FormatFloat(reachTimeout.Seconds(), 'f', 1, 64))
	switch {
	case err != nil:
		return false, err
	case r.Code == 0, strings.Contains(r.Output, "Connection refused"):
		return true, nil
	case r.Code == silence, strings.Contains(r.Output, "unreachable"), strings.Contains(r.Output, "No route to host"):
		return false, nil
	}
	return false, fmt.Errorf("reach %s from %s: %w", peer, h.spec.Name, r.failed())
}
