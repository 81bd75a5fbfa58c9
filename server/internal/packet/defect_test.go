//go:build defects

package packet_test

import (
	"fmt"
	"net/http"
	"testing"

	"oalab/server/internal/defect"
	"oalab/server/internal/packet"
)

// With the defect, the first share is larger than the last one, and the sum is right.
func TestDefectBiasedAllocator(t *testing.T) {
	t.Parallel()
	for _, plant := range []defect.Set{nil, {packet.DefectBiasedAllocator}} {
		var first, last int
		g := newRig(t, func(c *packet.Config) { *c = packet.Plant(plant, *c); c.SendsPerMinute = 1000 })
		for i := range 400 {
			g.call("o1", http.MethodPost, "demo/send", fmt.Sprintf(`{"serial":"s%d","kind":"random","units":1000,"shares":2}`, i))
		}
		for _, p := range g.books.sent {
			if p.Units() != 1000 {
				t.Errorf("%+v", p)
			}
			first += p.Shares[0]
			last += p.Shares[1]
		}
		// The mean of the difference is 100 a packet with it, and 0 without, at a standard error of 29.
		if difference := float64(first-last) / 400; (difference > 90) != (plant != nil) && (difference > 60) != (plant != nil) {
			t.Errorf("%v: the first is larger by %f", plant, difference)
		}
	}
}
