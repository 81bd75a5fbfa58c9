package sqlstore

import (
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func TestPlanMonths(t *testing.T) {
	day := func(s string) time.Time {
		d, err := time.Parse(time.DateOnly, s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	upTo := func(name, bound string) month { return month{"m" + name, fmt.Sprint(day(bound).Unix())} }
	later := month{partitionLater, "MAXVALUE"}
	cut := func(s ...string) string {
		out := "ALTER TABLE user_log REORGANIZE PARTITION later INTO ("
		for i := 0; i < len(s); i += 2 {
			out += fmt.Sprintf("PARTITION m%s VALUES LESS THAN (%d), ", s[i], day(s[i+1]).Unix())
		}
		return out + "PARTITION later VALUES LESS THAN MAXVALUE)"
	}
	october := []month{upTo("202610", "2026-11-01"), upTo("202611", "2026-12-01"), upTo("202612", "2027-01-01"), upTo("202701", "2027-02-01"), later}
	for _, tt := range []struct {
		name        string
		there       []month
		now, oldest string
		want        []string
	}{
		{
			"a new table",
			[]month{later},
			"2026-10-31", "2026-08-01",
			[]string{cut("202608", "2026-09-01", "202609", "2026-10-01", "202610", "2026-11-01", "202611", "2026-12-01", "202612", "2027-01-01", "202701", "2027-02-01")},
		},
		{"the same month", october, "2026-10-01", "2026-04-01", nil},
		{"the next month", october, "2026-11-01", "2026-05-01", []string{cut("202702", "2027-03-01")}},
		{
			"the first goes", october, "2027-05-01", "2026-11-01",
			[]string{
				cut("202702", "2027-03-01", "202703", "2027-04-01", "202704", "2027-05-01", "202705", "2027-06-01",
					"202706", "2027-07-01", "202707", "2027-08-01", "202708", "2027-09-01"),
				"ALTER TABLE user_log DROP PARTITION m202610",
			},
		},
		{"a clock that went back", october, "2026-08-01", "2026-02-01", nil},
	} {
		got, err := planMonths(tt.there, day(tt.now), day(tt.oldest))
		if diff := cmp.Diff(tt.want, got); err != nil || diff != "" {
			t.Errorf("%s (err %v):\n%s", tt.name, err, diff)
		}
	}
	for name, there := range map[string][]month{
		"no partitions": nil, "another end": {upTo("202610", "2026-11-01")}, "another kind": {{"m1", "'a'"}, later},
	} {
		if changes, err := planMonths(there, day("2026-10-01"), day("2026-04-01")); err == nil {
			t.Errorf("%s: planned %v", name, changes)
		}
	}
}
