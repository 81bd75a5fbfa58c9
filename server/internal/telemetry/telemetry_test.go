package telemetry_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"oalab/server/internal/telemetry"
)

func TestMask(t *testing.T) {
	t.Parallel()
	m := telemetry.NewMasker("abc", "abcdef", "", "p@ss/word")
	for in, want := range map[string]string{
		"":                                  "",
		"nothing here":                      "nothing here",
		"13800138000":                       "138****8000",
		"phone=13800138000,":                "phone=138****8000,",
		"+8613800138000":                    "+86138****8000",
		"号码13800138000的订单":                  "号码138****8000的订单",
		"two 13800138000 and 19912345678":   "two 138****8000 and 199****5678",
		"6074746557628292943":               "6074746557628292943", // message id
		"X13800138000":                      "X13800138000",        // part of a serial
		"12345678901":                       "12345678901",         // no mobile number
		"1414387151":                        "1414387151",          // seconds
		"abcdef and abc":                    "*** and ***",
		"dial user:p@ss/word@tcp(db:3306)/": "dial user:***@tcp(db:3306)/",
	} {
		if got := m.Mask(in); got != want {
			t.Errorf("Mask(%q) = %q, want %q", in, got, want)
		}
	}
	if got := (&telemetry.Masker{}).Mask("13800138000"); got != "138****8000" {
		t.Errorf("the zero Masker leaves %q", got)
	}
}

type order struct {
	Phone  string
	Serial string
}

func TestNoSecretReachesALog(t *testing.T) {
	t.Parallel()
	var out bytes.Buffer
	log := telemetry.NewLogger(&out, slog.LevelDebug, telemetry.NewMasker("s3cr3t"))
	const phone, secret = "13800138000", "s3cr3t"
	err := fmt.Errorf("GET /token?secret=%s: %w", secret, errors.New("phone "+phone))
	log.Info("message with "+phone+" and "+secret, "error", err)
	log.With("phone", phone).WithGroup("g").Warn("in a group", slog.Group("h", "openid", "o1", "number", phone))
	log.Error("values", "order", order{phone, "20260102X13800138000"}, "pointer", &order{Phone: phone}, "list", []string{phone, secret}, "bytes", []byte(phone))
	log.Debug("names", "app_secret", 4242424242, "token", "anything", "core_dsn", "u:p@h", "Authorization", "Bearer x", "encoding_aes_key", "k")
	log.Debug("duration", "took", 13800138*time.Microsecond+13*time.Second, "n", 7)

	text := out.String()
	for _, bad := range []string{phone + `"`, phone + " ", secret, "anything", "u:p@h", "Bearer", `"k"`, "4242424242"} {
		if strings.Contains(text, bad) {
			t.Errorf("log holds %q:\n%s", bad, text)
		}
	}
	for _, good := range []string{`"openid":"o1"`, "20260102X13800138000", `"n":7`, `"took":"26.800138s"`, "138****8000"} {
		if !strings.Contains(text, good) {
			t.Errorf("log lacks %q:\n%s", good, text)
		}
	}
	for line := range strings.Lines(text) {
		if !json.Valid([]byte(line)) {
			t.Errorf("not JSON: %s", line)
		}
	}
}

func TestRegistriesAreApart(t *testing.T) {
	t.Parallel()
	for range 2 {
		families, err := telemetry.NewRegistry().Gather()
		if err != nil || len(families) == 0 {
			t.Errorf("%d families, %v", len(families), err)
		}
	}
}
