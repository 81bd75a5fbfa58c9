//go:build defects

package media

import (
	"time"

	"oalab/server/internal/defect"
)

// DefectExpiredMediaShown shows a media_id after its end, too.
const DefectExpiredMediaShown = "expired-media-shown"

// Defects are those that can be planted in the media.
func (Settings) Defects() []string { return []string{DefectExpiredMediaShown} }

// Plant returns the copies with the defect where that is planted.
func Plant(planted defect.Set, c *Copies) *Copies {
	if planted.Has(DefectExpiredMediaShown) {
		c.lives = func(ends time.Time) time.Time { return ends.Add(1000 * Life) }
	}
	return c
}
