package server

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/goccy/go-yaml/ast"

	"oalab/server/internal/scaler"
)

// Secret is a text that is never shown: whatever prints it prints stars.
// Convert it to a string to use it.
type Secret string

// String hides the secret.
func (s Secret) String() string {
	if s == "" {
		return ""
	}
	return "***"
}

// GoString hides the secret from %#v too.
func (s Secret) GoString() string { return strconv.Quote(s.String()) }

// MarshalText hides the secret from JSON and the like.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// Duration is a time.Duration written like 700ms or 4.5s.
type Duration time.Duration

// String is the form in which it is written.
func (d Duration) String() string { return time.Duration(d).String() }

// UnmarshalYAML reads a duration; a number without a unit is refused.
func (d *Duration) UnmarshalYAML(node ast.Node) error { return atLine(node, d.set) }

func (d *Duration) set(s string) error {
	value, err := time.ParseDuration(s)
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 700ms or 4.5s", s)
	}
	*d = Duration(value)
	return nil
}

// Bands are ranges of a rate of requests, and the app servers that each takes, written
// like "0:1 500:2 1000:3".
type Bands scaler.Bands

// String is the form in which they are written.
func (b Bands) String() string { return scaler.Bands(b).String() }

// UnmarshalYAML reads bands.
func (b *Bands) UnmarshalYAML(node ast.Node) error { return atLine(node, b.set) }

func (b *Bands) set(s string) error {
	bands, err := scaler.ParseBands(s)
	*b = Bands(bands)
	return err
}

// Size is a number of bytes, written like 512, 64KiB or 1MiB.
type Size int64

// UnmarshalYAML reads a size.
func (z *Size) UnmarshalYAML(node ast.Node) error { return atLine(node, z.set) }

func (z *Size) set(s string) error {
	number, unit := s, int64(1)
	for suffix, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20} {
		if rest, ok := strings.CutSuffix(s, suffix); ok {
			number, unit = strings.TrimSpace(rest), factor
		}
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 0 {
		return fmt.Errorf("%q is not a size such as 512, 64KiB or 1MiB", s)
	}
	*z = Size(n * unit)
	return nil
}

// lineError is a value that cannot be read, with the line where it stands.
type lineError struct {
	line int
	err  error
}

func (e *lineError) Error() string { return fmt.Sprintf("line %d: %v", e.line, e.err) }

func (e *lineError) Unwrap() error { return e.err }

// atLine gives a scalar's text to set.
func atLine(node ast.Node, set func(string) error) error {
	line := node.GetToken().Position.Line
	scalar, ok := node.(ast.ScalarNode)
	if !ok {
		return &lineError{line, fmt.Errorf("want one value, found a %s", strings.ToLower(node.Type().String()))}
	}
	if err := set(fmt.Sprint(scalar.GetValue())); err != nil {
		return &lineError{line, err}
	}
	return nil
}
