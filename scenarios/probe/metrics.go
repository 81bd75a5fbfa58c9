package probe

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	dto "github.com/prometheus/client_model/go"
	"github.com/prometheus/common/expfmt"
	"github.com/prometheus/common/model"
)

// errMissing is the reading of a series that was asked for and is not there.
var errMissing = errors.New("not among the metrics")

// Metrics returns a probe that reads counters, gauges and histograms from a Prometheus
// text page, as name{label="value",…} with sorted labels; a histogram as the page has it:
// name_bucket with the label le, name_sum and name_count. Wanted are names, each with
// all its label sets, or single series; without any, all are read. A wanted one
// that is missing is a Reading with an error. A status other than 200 and a page
// that cannot be parsed are no answer.
func Metrics(url string, wanted ...string) Func {
	client := newClient()
	return func(ctx context.Context) ([]Reading, error) {
		status, body, err := get(ctx, client, url)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			return nil, fmt.Errorf("GET %s: status %d", url, status)
		}
		readings, err := parse(body, wanted)
		if err != nil {
			return nil, fmt.Errorf("GET %s: %w", url, err)
		}
		return readings, nil
	}
}

// parse reads a page in the Prometheus text format.
func parse(page []byte, wanted []string) ([]Reading, error) {
	parser := expfmt.NewTextParser(model.UTF8Validation)
	families, err := parser.TextToMetricFamilies(bytes.NewReader(page))
	if err != nil {
		return nil, fmt.Errorf("metrics page: %w", err)
	}
	var readings []Reading
	for name, family := range families {
		for _, m := range family.GetMetric() {
			readings = append(readings, read(name, m)...)
		}
	}
	readings = choose(readings, wanted)
	slices.SortStableFunc(readings, func(a, b Reading) int { return cmp.Compare(a.Name, b.Name) })
	return readings, nil
}

// read is the series of one metric; a summary has none.
func read(name string, m *dto.Metric) []Reading {
	var labels []string
	for _, l := range m.GetLabel() {
		labels = append(labels, label(l.GetName(), l.GetValue()))
	}
	one := func(suffix string, value float64, more ...string) Reading {
		return Reading{Name: series(name+suffix, slices.Concat(labels, more)), Value: value}
	}
	switch h := m.GetHistogram(); {
	case m.GetCounter() != nil:
		return []Reading{one("", m.GetCounter().GetValue())}
	case m.GetGauge() != nil:
		return []Reading{one("", m.GetGauge().GetValue())}
	case m.GetUntyped() != nil:
		return []Reading{one("", m.GetUntyped().GetValue())}
	case h != nil:
		out := []Reading{one("_sum", h.GetSampleSum()), one("_count", float64(h.GetSampleCount()))}
		for _, b := range h.GetBucket() {
			le := strconv.FormatFloat(b.GetUpperBound(), 'g', -1, 64)
			out = append(out, one("_bucket", float64(b.GetCumulativeCount()), label("le", le)))
		}
		return out
	}
	return nil
}

func label(name, value string) string { return fmt.Sprintf(`%s="%s"`, name, escape(value)) }

// series names a series by its labels.
func series(name string, labels []string) string {
	if len(labels) == 0 {
		return name
	}
	slices.Sort(labels)
	return name + "{" + strings.Join(labels, ",") + "}"
}

// choose keeps the wanted series and adds an error for each that is missing.
func choose(readings []Reading, wanted []string) []Reading {
	if len(wanted) == 0 {
		return readings
	}
	found := make(map[string]bool, len(wanted))
	chosen := slices.DeleteFunc(readings, func(r Reading) bool {
		keep := false
		for _, name := range wanted {
			if (Series{Name: name}).matches(r.Name) {
				found[name], keep = true, true
			}
		}
		return !keep
	})
	for _, name := range wanted {
		if !found[name] {
			found[name] = true // once, though it may be wanted twice
			chosen = append(chosen, Reading{Name: name, Err: errMissing})
		}
	}
	return chosen
}

// escape writes a label value as the text format does.
func escape(value string) string { return escaper.Replace(value) }

var escaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
