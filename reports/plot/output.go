package plot

import (
	"bytes"
	"fmt"
	"html"
	"image/png"
	"os"
	"path/filepath"
	"regexp"
	"strings"

	"gonum.org/v1/plot/vg"
	"gonum.org/v1/plot/vg/draw"
	"gonum.org/v1/plot/vg/vgimg"
	"gonum.org/v1/plot/vg/vgsvg"

	"oalab/reports/printable"
)

// Drawing is anything that knows its size and can be drawn: a Figure, or one of your own.
type Drawing interface {
	Size() (width, height vg.Length)
	Draw(c draw.Canvas)
}

// DPI is the resolution of the PNG files: sharp in print at full page width.
const DPI = 192

// SVG draws d as an SVG document. A drawing that Gonum cannot draw is an error, not
// a panic.
func SVG(d Drawing) (doc []byte, err error) {
	defer caught(&err)
	w, h := d.Size()
	c := vgsvg.New(w, h)
	d.Draw(draw.New(c))
	var buf bytes.Buffer
	if _, err := c.WriteTo(&buf); err != nil {
		return nil, fmt.Errorf("write SVG: %w", err)
	}
	// Gonum escapes markup, and not what no XML may hold.
	return []byte(printable.Text(string(compact(buf.Bytes())))), nil
}

// PNG draws d as a PNG image with DPI dots per inch.
func PNG(d Drawing) (img []byte, err error) {
	defer caught(&err)
	w, h := d.Size()
	c := vgimg.NewWith(vgimg.UseWH(w, h), vgimg.UseDPI(DPI), vgimg.UseBackgroundColor(Paper))
	d.Draw(draw.New(c))
	var buf bytes.Buffer
	enc := png.Encoder{CompressionLevel: png.BestSpeed}
	if err := enc.Encode(&buf, c.Image()); err != nil {
		return nil, fmt.Errorf("write PNG: %w", err)
	}
	return buf.Bytes(), nil
}

// Save draws d into dir as name.svg and name.png and makes dir if need be. Each file
// is replaced whole or not at all.
func Save(dir, name string, d Drawing) error {
	vector, err := SVG(d)
	if err != nil {
		return fmt.Errorf("plot %s: %w", name, err)
	}
	pixels, err := PNG(d)
	if err != nil {
		return fmt.Errorf("plot %s: %w", name, err)
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return fmt.Errorf("plot %s: %w", name, err)
	}
	for file, raw := range map[string][]byte{name + ".svg": vector, name + ".png": pixels} {
		if err := Replace(filepath.Join(dir, file), raw); err != nil {
			return fmt.Errorf("plot %s: %w", name, err)
		}
	}
	return nil
}

// Replace writes a file by way of a temporary one beside it.
func Replace(path string, raw []byte) (err error) {
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+"-*")
	if err != nil {
		return err
	}
	defer func() {
		if err != nil {
			_ = f.Close() // the first error is the one to tell
			_ = os.Remove(f.Name())
		}
	}()
	if _, err := f.Write(raw); err != nil {
		return err
	}
	if err := f.Chmod(0o644); err != nil { // CreateTemp makes it private
		return err
	}
	if err := f.Close(); err != nil {
		return err
	}
	return os.Rename(f.Name(), path)
}

var (
	prolog   = regexp.MustCompile(`(?s)^.*?<svg[^>]*viewBox="([^"]*)"[^>]*>`)
	textLook = regexp.MustCompile(`font-family:[^;"]*;font-variant:[a-z]+;font-weight:([a-z0-9]+);font-style:normal`)
)

// Inline turns an SVG document of this package into an element for an HTML page. It scales
// with its box, has a name for screen readers and refers to nothing outside. It takes the
// colours of paper, text and rules from the page's variables --paper, --ink, --subtle and
// --rule, and blue, which is too dark on black, from --blue.
func Inline(doc []byte, name string) string {
	body := string(prolog.ReplaceAll(doc, []byte(`<svg viewBox="$1" role="img" aria-label="`+strings.ReplaceAll(html.EscapeString(name), "$", "$$")+`">`)))
	return strings.NewReplacer(
		hex(Paper), "var(--paper)", hex(Text), "var(--ink)", hex(Subtle), "var(--subtle)", hex(Rule), "var(--rule)",
		hex(Blue), "var(--blue)",
	).Replace(body)
}

func hex(c Ink) string { return fmt.Sprintf("#%06X", uint32(c)) }

// compact shortens what the canvas writes for every text, and names fonts that are
// as wide as the one measured with on systems that lack it.
func compact(doc []byte) []byte {
	doc = textLook.ReplaceAll(doc, []byte(`font-family:'Liberation Sans',Arial,Helvetica,sans-serif;font-weight:$1`))
	return bytes.ReplaceAll(doc, []byte("\n\tstyle="), []byte(" style="))
}

// caught turns a panic of the drawing library into an error: it panics on data it
// cannot scale, and a report must not fail for one figure.
func caught(err *error) {
	if r := recover(); r != nil {
		*err = fmt.Errorf("cannot be drawn: %v", r)
	}
}
