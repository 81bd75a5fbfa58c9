package userlog

import (
	"context"
	"fmt"
	"log/slog"
	"sync"
	"testing"
	"time"
)

// BenchmarkWrite writes from as many callers as a busy server has messages at once,
// into a store whose commit takes as long as a disk does.
func BenchmarkWrite(b *testing.B) {
	for _, callers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			store := &table{rows: make(map[string]int), takes: time.Millisecond}
			l, err := New(Config{Dir: b.TempDir()}, store, slog.New(slog.DiscardHandler), nil)
			if err != nil {
				b.Fatal(err)
			}
			ctx, cancel := context.WithCancel(b.Context())
			var running, writing sync.WaitGroup
			running.Go(func() { _ = l.Run(ctx) })
			messages := make([]Message, 256)
			for i := range messages {
				messages[i] = numbered(i)
			}
			b.ReportAllocs()
			b.ResetTimer()
			for c := range callers {
				writing.Go(func() {
					for i := c; i < b.N; i += callers {
						l.Write(ctx, entry(messages[i%len(messages)]))
					}
				})
			}
			writing.Wait()
			b.StopTimer()
			_, batches := store.count()
			b.ReportMetric(float64(b.N)/float64(max(batches, 1)), "rows/statement")
			cancel()
			running.Wait()
			l.Close()
		})
	}
}

// BenchmarkSpool is the same without a database: every caller waits for a sync.
func BenchmarkSpool(b *testing.B) {
	for _, callers := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("callers=%d", callers), func(b *testing.B) {
			s, err := openSpool(b.TempDir(), 1<<40)
			if err != nil {
				b.Fatal(err)
			}
			defer s.close()
			line, err := appendLine(nil, numbered(1))
			if err != nil {
				b.Fatal(err)
			}
			var writing sync.WaitGroup
			b.ReportAllocs()
			b.ResetTimer()
			for c := range callers {
				writing.Go(func() {
					for i := c; i < b.N; i += callers {
						f := s.add(line)
						<-f.done
						if f.err != nil {
							b.Error(f.err)
						}
					}
				})
			}
			writing.Wait()
		})
	}
}
