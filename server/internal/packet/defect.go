//go:build defects

package packet

import (
	"math/rand/v2"

	"oalab/server/internal/defect"
	"oalab/server/redpacket"
)

// The planted defects of the red packets.
const (
	// DefectGrabNotUnique gives a follower who grabs again a further share.
	DefectGrabNotUnique = "grab-not-unique"
	// DefectReturnTwice gives the rest of a packet to its sender twice.
	DefectReturnTwice = "return-twice"
	// DefectGateAllocates lets a counter in a server's memory say which share a follower gets.
	DefectGateAllocates = "gate-allocates"
	// DefectBiasedAllocator moves units from the last share of a random packet to its first.
	DefectBiasedAllocator = "biased-allocator"
)

// Defects are those that can be planted in the red packets.
func (Settings) Defects() []string {
	return []string{DefectGrabNotUnique, DefectReturnTwice, DefectGateAllocates, DefectBiasedAllocator}
}

// Plant returns the configuration with the defect biased-allocator where that is planted.
func Plant(planted defect.Set, cfg Config) Config {
	if !planted.Has(DefectBiasedAllocator) {
		return cfg
	}
	if honest, err := redpacket.ByName(cfg.Allocator); err == nil {
		cfg.Divide = biased{honest}
	}
	return cfg
}

// biased takes a tenth of the last share for the first.
type biased struct{ redpacket.Allocator }

// Split implements redpacket.Allocator.
func (b biased) Split(rng *rand.Rand, total, count int) ([]int, error) {
	shares, err := b.Allocator.Split(rng, total, count)
	if err != nil || count < 2 {
		return shares, err
	}
	moved := shares[count-1] / 10
	shares[0] += moved
	shares[count-1] -= moved
	return shares, nil
}
