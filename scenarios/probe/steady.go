package probe

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"sync"
	"time"

	"oalab/scenarios/history"
)

// Steady asks a URL at fixed moments, each time on a new connection, and does not wait for
// earlier requests. Therefore it measures the true length of an outage. A probe that waits
// for each answer would measure it longer by up to its time limit (CHA-5).
type Steady struct {
	// Name is the Probe of its samples.
	Name string
	URL  string
	// Every is the time between two questions, Timeout the limit of one.
	Every, Timeout time.Duration
	// Read turns an answer into readings; an error is an answer that does not count.
	// Nil reads the status and wants 200. SeriesAnswerS is always added.
	Read func(*http.Response) ([]Reading, error)
}

// Run asks until ctx ends, which is no error. It hands the samples to record, dated when
// their request was sent. Answers may arrive, and be recorded, out of order. Run ends early
// with the error of a record that fails. Questions that are open when ctx ends are not
// recorded.
func (s Steady) Run(ctx context.Context, base time.Time, record func(history.Sample) error) error {
	if s.Every <= 0 || s.Timeout <= 0 || s.Name == "" {
		return fmt.Errorf("probe %q: interval %v and time limit %v must be positive", s.Name, s.Every, s.Timeout)
	}
	ctx, cancel := context.WithCancelCause(ctx)
	defer cancel(nil)
	client := &http.Client{
		Transport: &http.Transport{
			DisableKeepAlives: true,
			DialContext:       (&net.Dialer{Timeout: s.Timeout}).DialContext,
		},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	var (
		open   sync.WaitGroup
		failed error
		once   sync.Once
	)
	begin := time.Now()
	turn := time.NewTimer(0)
	defer turn.Stop()
	for n := 1; ; n++ {
		select {
		case <-turn.C:
		case <-ctx.Done():
			open.Wait()
			return failed
		}
		asked := time.Now()
		open.Go(func() {
			for _, sample := range s.ask(ctx, client, asked.Sub(base)) {
				if err := record(sample); err != nil {
					once.Do(func() { failed = fmt.Errorf("keep a sample of probe %s: %w", s.Name, err) })
					cancel(err)
				}
			}
		})
		// A late turn does not move the ones after it; turns that are over are left out.
		n = max(n, int(time.Since(begin)/s.Every)+1)
		turn.Reset(time.Until(begin.Add(time.Duration(n) * s.Every)))
	}
}

// ask puts one question. It has no samples for one that the end of ctx cut off.
func (s Steady) ask(ctx context.Context, client *http.Client, at time.Duration) []history.Sample {
	limited, cancel := context.WithTimeout(ctx, s.Timeout)
	defer cancel()
	begin := time.Now()
	readings, err := s.exchange(limited, client)
	if err != nil && ctx.Err() != nil {
		return nil
	}
	if err == nil {
		readings = append(readings, Reading{Name: SeriesAnswerS, Value: time.Since(begin).Seconds()})
	}
	return Probe{Name: s.Name}.samples(at, readings, err)
}

func (s Steady) exchange(ctx context.Context, client *http.Client) ([]Reading, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, s.URL, nil)
	if err != nil {
		return nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return nil, err
	}
	defer resp.Body.Close() // a connection of its own: nothing has to be read
	if s.Read != nil {
		return s.Read(resp)
	}
	if resp.StatusCode != http.StatusOK {
		return nil, fmt.Errorf("status %d", resp.StatusCode)
	}
	return []Reading{{Name: SeriesStatus, Value: float64(resp.StatusCode)}}, nil
}
