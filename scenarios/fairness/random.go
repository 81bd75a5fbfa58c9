package fairness

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"math/rand/v2"
)

// generator is a stream of random numbers of its own for each purpose, so that
// adding a test changes no other test's numbers.
func generator(seed uint64, purpose ...any) *rand.Rand {
	key := sha256.Sum256(fmt.Append(binary.BigEndian.AppendUint64(nil, seed), purpose...))
	return rand.New(rand.NewChaCha8(key))
}

// draw splits packets with an allocator.
func draw(s Suspect, setting Setting, packets int, rng *rand.Rand) ([][]int, error) {
	out := make([][]int, packets)
	for i := range out {
		shares, err := s.Split(rng, setting.Total, setting.Count)
		if err != nil {
			return nil, fmt.Errorf("allocator %s, packet %d: %w", s.Name(), i, err)
		}
		out[i] = shares
	}
	return out, nil
}
