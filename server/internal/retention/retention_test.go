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

// TestRunsNowAndThen: what is removed is counted, a failure in one table is told and ends
// neither the other tables nor the next run, and a server that finds another one at it is silent.
func TestRunsNowAndThen(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var log bytes.Buffer
		reg := prometheus.NewPedanticRegistry()
		var runs []time.Duration
		began := time.Now()
		full := errors.New("disk is full")
		results := []error{nil, full, retention.ErrElsewhere, nil}
		cutoffs := map[string]time.Duration{}
		old := func(name string, batches ...int) func(time.Time) retention.Batch {
			return func(before time.Time) retention.Batch {
				cutoffs[name] = time.Since(before)
				next := 0
				return func(context.Context) (int, bool, error) {
					if name == "replies" && results[len(runs)-1] != nil {
						return 0, false, results[len(runs)-1]
					}
					next++
					return batches[next-1], next < len(batches), nil
				}
			}
		}
		k, err := retention.New(retention.Config{
			Alone: func(ctx context.Context, work func(context.Context, time.Time) error) error {
				runs = append(runs, time.Since(began).Truncate(time.Second)) // batches have pauses
				if errors.Is(results[len(runs)-1], retention.ErrElsewhere) {
					return retention.ErrElsewhere
				}
				return work(ctx, time.Now())
			},
			Tables: []retention.Table{
				{Name: "replies", Keep: time.Hour, Old: old("replies", 200, 1)},
				{Name: "orders", Keep: 2 * time.Hour, Old: old("orders", 0)},
				{Name: "dead_letters", Keep: 3 * time.Hour, Old: old("dead_letters", 3)},
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
		if diff := cmp.Diff(map[string]float64{"orders": 0, "replies": 402, "dead_letters": 9}, got); diff != "" {
			t.Errorf("-want +got\n%s", diff)
		}
		want := map[string]time.Duration{"replies": time.Hour, "orders": 2 * time.Hour, "dead_letters": 3 * time.Hour}
		for name, age := range cutoffs { // the last run began some pauses ago
			cutoffs[name] = age.Truncate(time.Hour)
		}
		if diff := cmp.Diff(want, cutoffs); diff != "" {
			t.Errorf("ages: -want +got\n%s", diff)
		}
		if warned := strings.Count(log.String(), "level=WARN"); warned != 1 || !strings.Contains(log.String(), "disk is full") {
			t.Errorf("%d warnings in\n%s", warned, &log)
		}
	})
}
