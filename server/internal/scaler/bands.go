package scaler

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

// Band is a range of request rates, which ends where the next begins.
type Band struct {
	From    float64 // requests per second, inclusive
	Servers int     // app servers that it takes
}

// Bands are ranges without gaps, the first from 0, in ascending order.
type Bands []Band

// DefaultBands have the edges of the source (D 5.1.2); what each takes is ours.
func DefaultBands() Bands {
	return Bands{{0, 1}, {500, 2}, {1000, 3}, {5000, 4}, {10_000, 5}}
}

// UnmarshalText reads bands as ParseBands does.
func (b *Bands) UnmarshalText(text []byte) error {
	bands, err := ParseBands(string(text))
	*b = bands
	return err
}

// ParseBands reads pairs of a rate and the servers from there on, such as
// "0:1 500:2 1000:3", with spaces or commas between.
func ParseBands(text string) (Bands, error) {
	var bands Bands
	for pair := range strings.FieldsFuncSeq(text, func(r rune) bool { return r == ',' || r == ' ' || r == '\n' || r == '\t' }) {
		from, servers, ok := strings.Cut(pair, ":")
		rate, errRate := strconv.ParseFloat(from, 64)
		n, errServers := strconv.Atoi(servers)
		if !ok || errRate != nil || errServers != nil {
			return nil, fmt.Errorf("bands: %q is not a rate and a number of servers, such as 500:2", clip(pair))
		}
		bands = append(bands, Band{From: rate, Servers: n})
	}
	return bands, bands.Validate()
}

// Validate says what is wrong with the bands.
func (b Bands) Validate() error {
	if len(b) == 0 {
		return errors.New("bands: there is none; the first begins at 0, as in 0:1 500:2")
	}
	if b[0].From != 0 {
		return fmt.Errorf("bands: the first begins at %v instead of 0", b[0].From)
	}
	for i, band := range b {
		switch {
		case band.Servers < 1 || band.Servers > 1000:
			return fmt.Errorf("bands: the one from %v takes %d servers; 1 to 1000 are possible", band.From, band.Servers)
		case i == 0:
		case !(band.From > b[i-1].From): // a rate that is no number is none either
			return fmt.Errorf("bands: %v does not exceed the %v before it", band.From, b[i-1].From)
		case band.Servers < b[i-1].Servers:
			return fmt.Errorf("bands: the one from %v takes %d servers, fewer than the one before it", band.From, band.Servers)
		}
	}
	return nil
}

// String writes the bands as ParseBands reads them.
func (b Bands) String() string {
	pairs := make([]string, len(b))
	for i, band := range b {
		pairs[i] = strconv.FormatFloat(band.From, 'f', -1, 64) + ":" + strconv.Itoa(band.Servers)
	}
	return strings.Join(pairs, " ")
}

// Most is how many servers the highest band takes.
func (b Bands) Most() int { return b[len(b)-1].Servers }

// at is the band of a rate.
func (b Bands) at(rate float64) int {
	i, found := slices.BinarySearchFunc(b, rate, func(band Band, rate float64) int {
		switch {
		case band.From < rate:
			return -1
		case band.From > rate:
			return 1
		}
		return 0
	})
	if found {
		return i
	}
	return max(0, i-1)
}
