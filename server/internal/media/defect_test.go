//go:build defects

package media_test

import (
	"testing"
	"time"

	"oalab/server/internal/defect"
	"oalab/server/internal/media"
	"oalab/server/internal/message"
)

// With the defect, an answer shows a media_id that the platform has forgotten.
func TestDefectExpiredMediaShown(t *testing.T) {
	t.Parallel()
	for _, plant := range []defect.Set{nil, {media.DefectExpiredMediaShown}} {
		m := newMemory()
		c, err := media.NewCopies(m, nil)
		if err != nil {
			t.Fatal(err)
		}
		c = media.Plant(plant, c)
		m.files["demo f"] = media.File{Account: "demo", Name: "f", Kind: media.Image, MediaID: "M", Ends: time.Now().Add(-time.Hour)}
		if err := c.Reload(t.Context()); err != nil {
			t.Fatal(err)
		}
		_, shown := c.MediaID(t.Context(), &message.Asked{Heard: message.Heard{Account: "demo"}, Moments: moments{time.Now()}}, "image", "f")
		if shown != (plant != nil) {
			t.Errorf("%v: shown %v", plant, shown)
		}
	}
}
