// Package telemetry owns what the server says about itself: structured logs in
// which secrets and phone numbers are masked, and the registry of its metrics
// (LOG-5, SEC-3).
package telemetry

import (
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"time"
)

// NewLogger returns a logger that writes JSON lines to w. The masker goes over
// every attribute and message before it is written.
func NewLogger(w io.Writer, level slog.Leveler, masker *Masker) *slog.Logger {
	return slog.New(slog.NewJSONHandler(w, &slog.HandlerOptions{
		Level: level,
		ReplaceAttr: func(_ []string, a slog.Attr) slog.Attr {
			if a.Key == slog.TimeKey || a.Key == slog.LevelKey {
				return a
			}
			a.Value = masker.value(a.Key, a.Value)
			return a
		},
	}))
}

// value masks one attribute. Numbers and booleans stay as they are, but not
// those under a secret's name.
func (m *Masker) value(key string, v slog.Value) slog.Value {
	if secretName(key) {
		return slog.StringValue(hidden)
	}
	switch v.Kind() {
	case slog.KindString:
		return slog.StringValue(m.Mask(v.String()))
	case slog.KindDuration:
		// Seconds read better than a number of nanoseconds, which may also look
		// like a phone number.
		return slog.StringValue(v.Duration().Round(time.Microsecond).String())
	case slog.KindAny:
		return slog.StringValue(m.Mask(text(v.Any())))
	case slog.KindBool, slog.KindInt64, slog.KindUint64, slog.KindFloat64, slog.KindTime, slog.KindGroup, slog.KindLogValuer:
		return v
	}
	return v
}

// text is how a value of any type reads in a log.
func text(v any) string {
	switch x := v.(type) {
	case error:
		return x.Error()
	case fmt.Stringer:
		return x.String()
	case encoding.TextMarshaler:
		if b, err := x.MarshalText(); err == nil {
			return string(b)
		}
	case []byte:
		return string(x)
	}
	if b, err := json.Marshal(v); err == nil {
		return string(b)
	}
	return fmt.Sprintf("%+v", v)
}
