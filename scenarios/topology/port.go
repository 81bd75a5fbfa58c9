package topology

import (
	"context"
	crand "crypto/rand"
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

// fixedAddr finds a free TCP port on the loopback interface for a program that keeps it
// over restarts. The port does not depend on the run's seed. Otherwise two runs of one seed
// at the same time would take the same port.
func fixedAddr(ctx context.Context) (string, error) {
	var seed [32]byte
	_, _ = crand.Read(seed[:]) // never fails
	rng := rand.New(rand.NewChaCha8(seed))
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
