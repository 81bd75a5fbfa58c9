package retention_test

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/prometheus/client_golang/prometheus"

	"oalab/server/internal/retention"
)

// TestRunsNowAndThen: what is removed is counted, a failure is told and does not end it, and
// a server that finds another one at it is silent.
func TestRunsNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		reg := prometheus.NewPedanticRegistry()
		var runs []time.Duration
		began := time.Now()
		results := []error{nil, errors.New("disk is full"), retention.ErrElsewhere, nil}
		k, err := retention.New(retention.Config{
			Tables: []string{"replies", "orders"},
			Remove: func(_ context.Context, removed func(string, int)) error {
				runs = append(runs, time.Since(began))
				removed("replies", 200)
				removed("replies", 1)
				return results[len(runs)-1]
			},
		}, slog.New(slog.NewTextHandler(&log, nil)), reg)
		if err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 35*time.Minute)
		defer cancel()
		if err := k.Run(ctx); err != nil {
			t.Error(err)
		}
		if len(runs) != 4 || runs[0] != time.Minute || runs[3] != 31*time.Minute {
			t.Errorf("ran at %v", runs)
		}
		families, err := reg.Gather()
		if err != nil || len(families) != 1 || families[0].GetName() != "oalab_retention_removed_total" {
			t.Fatal(families, err)
		}
		got := map[string]float64{}
		for _, m := range families[0].GetMetric() {
			got[m.GetLabel()[0].GetValue()] = m.GetCounter().GetValue()
		}
		if diff := cmp.Diff(map[string]float64{"orders": 0, "replies": 804}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		if warned := strings.Count(log.String(), "level=WARN"); warned != 1 || !strings.Contains(log.String(), "disk is full") {
			t.Errorf("%d warnings in\n%s", warned, &log)
		}
	})
}
