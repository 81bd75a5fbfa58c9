package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Secret is a text that is never shown: printing it in any way prints stars.
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

// UnmarshalText reads a duration; a number without a unit is refused.
func (d *Duration) UnmarshalText(text []byte) error {
	value, err := time.ParseDuration(string(text))
	if err != nil {
		return fmt.Errorf("%q is not a duration such as 700ms or 4.5s", text)
	}
	*d = Duration(value)
	return nil
}

// Period is a span of days or hours, written like 3d or 72h.
type Period time.Duration

// Day is one day.
const Day = Period(24 * time.Hour)

// MaxPeriod is about a hundred years.
const MaxPeriod = 36_500 * Day

// String is the form in which it is written.
func (p Period) String() string {
	if p%Day == 0 {
		return strconv.FormatInt(int64(p/Day), 10) + "d"
	}
	return time.Duration(p).String()
}

// UnmarshalText reads a period; a number without a unit is refused.
func (p *Period) UnmarshalText(text []byte) error {
	if days, ok := strings.CutSuffix(string(text), "d"); ok {
		n, err := strconv.ParseInt(days, 10, 32)
		if err == nil && n >= 0 && n <= int64(MaxPeriod/Day) && strconv.FormatInt(n, 10) == days {
			*p = Period(n) * Day
			return nil
		}
	} else if value, err := time.ParseDuration(string(text)); err == nil && value >= 0 && Period(value) <= MaxPeriod {
		*p = Period(value)
		return nil
	}
	return fmt.Errorf("%q is not a period such as 3d or 72h", text)
}

// TimeZone is the name of a time zone in the IANA database, such as Asia/Shanghai. The
// programs carry that database with them, so a name means the same on every host.
type TimeZone string

// DefaultTimeZone is that of China's carriers.
const DefaultTimeZone TimeZone = "Asia/Shanghai"

// Location is the zone itself. "" and "Local" are refused: the zone of the process is not
// that of the carrier.
func (z TimeZone) Location() (*time.Location, error) {
	if z == "" || z == "Local" {
		return nil, fmt.Errorf("%q is not the name of a time zone such as %s", string(z), DefaultTimeZone)
	}
	zone, err := time.LoadLocation(string(z))
	if err != nil {
		return nil, fmt.Errorf("%q is not the name of a time zone such as %s: %w", string(z), DefaultTimeZone, err)
	}
	return zone, nil
}

// UnmarshalText reads a time zone; an empty text is the default.
func (z *TimeZone) UnmarshalText(text []byte) error {
	if len(text) == 0 {
		*z = DefaultTimeZone
		return nil
	}
	if _, err := TimeZone(text).Location(); err != nil {
		return err
	}
	*z = TimeZone(text)
	return nil
}

// Size is a number of bytes, written like 512, 64KiB or 1MiB.
type Size int64

// UnmarshalText reads a size in decimal digits, without leading zeros.
func (z *Size) UnmarshalText(text []byte) error {
	number, unit := string(text), int64(1)
	for suffix, factor := range map[string]int64{"KiB": 1 << 10, "MiB": 1 << 20} {
		if rest, ok := strings.CutSuffix(number, suffix); ok {
			number, unit = strings.TrimSpace(rest), factor
		}
	}
	n, err := strconv.ParseInt(number, 10, 32)
	if err != nil || n < 0 || strconv.FormatInt(n, 10) != number {
		return fmt.Errorf("%q is not a size such as 512, 64KiB or 1MiB", text)
	}
	*z = Size(n * unit)
	return nil
}
