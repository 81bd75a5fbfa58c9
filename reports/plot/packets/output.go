package packets

import (
	"bytes"
	"fmt"
	"image/png"
	"os"
	"path/filepath"

	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"
)

// dpi is the resolution of the PNG files: sharp in print at full page width.
const dpi = 192

// SVG draws d as an SVG document.
func SVG(d Drawing) ([]byte, error) {
	w, h := d.Size()
	c := vgsvg.New(w, h)
	d.Draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("write SVG: %w", err)
	}
	return buf.Bytes(), nil
}

// PNG draws d as a PNG image with 192 dots per inch.
func PNG(d Drawing) ([]byte, error) {
	w, h := d.Size()
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(dpi), vgimg.UseBackgroundColor(paper))
	d.Draw(draw.New(c))
	var buf bytes.Buffer
	if err := png.Encode(&buf, c.Image()); err != nil {
		return nil, fmt.Errorf("write PNG: %w", err)
	}
	return buf.Bytes(), nil
}

// Save writes every plot into dir, which must exist, as SVG and PNG.
func Save(dir string, plots []Plot) error {
	for _, p := range plots {
		for suffix, render := range map[string]func(Drawing) ([]byte, error){".svg": SVG, ".png": PNG} {
			raw, err := render(p)
			if err != nil {
				return fmt.Errorf("plot %s: %w", p.Name, err)
			}
			if err := os.WriteFile(filepath.Join(dir, p.Name+suffix), raw, 0o644); err != nil {
				return fmt.Errorf("plot %s: %w", p.Name, err)
			}
		}
	}
	return nil
}
