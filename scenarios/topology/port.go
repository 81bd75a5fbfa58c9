package topology

import (
	"context"
	"fmt"
	"math/rand/v2"
	"net"
	"strconv"
)

// Ports below the kernel's ephemeral range (32768 and up on Linux): a server
// that is down must find its port free when it returns, and a client that keeps
// dialling a closed port inside the range can end up connected to itself.
const (
	lowestPort  = 18000
	highestPort = 31999
)

// fixedAddr finds a free TCP port on the loopback interface that stays the same
// over restarts of whatever listens there.
func fixedAddr(ctx context.Context, rng *rand.Rand) (string, error) {
	var lc net.ListenConfig
	var last error
	for range 100 {
		addr := net.JoinHostPort("127.0.0.1", strconv.Itoa(lowestPort+rng.IntN(highestPort-lowestPort+1)))
		l, err := lc.Listen(ctx, "tcp", addr)
		if err != nil {
			last = err
			continue
		}
		return addr, l.Close()
	}
	return "", fmt.Errorf("find a free port between %d and %d on 127.0.0.1: %w", lowestPort, highestPort, last)
}
