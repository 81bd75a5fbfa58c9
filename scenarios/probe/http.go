package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// Series of an HTTPStatus probe.
const (
	SeriesStatus  = "status"   // status code of the answer, of any value
	SeriesAnswerS = "answer_s" // seconds from asking to the end of the answer
)

// bodyLimit is the longest answer that is read.
const bodyLimit = 4 << 20

var errTooLong = fmt.Errorf("the answer is longer than %d bytes", bodyLimit)

// newClient returns a client that opens a connection for each request. Otherwise a pooled
// connection could still get answers when new connections are refused. The client uses no
// proxy and follows no redirect.
func newClient() *http.Client {
	return &http.Client{
		Transport:     &http.Transport{DisableKeepAlives: true, DisableCompression: true},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// HTTPStatus returns a probe of whether and how fast url answers a GET. Every status counts
// as an answer; a reader of the samples judges it.
func HTTPStatus(url string) Func {
	client := newClient()
	return func(ctx context.Context) ([]Reading, error) {
		begin := time.Now()
		status, _, err := get(ctx, client, url)
		if err != nil {
			return nil, err
		}
		return []Reading{
			{Name: SeriesStatus, Value: float64(status)},
			{Name: SeriesAnswerS, Value: time.Since(begin).Seconds()},
		}, nil
	}
}

func get(ctx context.Context, client *http.Client, url string) (status int, body []byte, err error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer func() { err = errors.Join(err, resp.Body.Close()) }()
	body, err = io.ReadAll(io.LimitReader(resp.Body, bodyLimit+1))
	if err == nil && len(body) > bodyLimit {
		err = errTooLong
	}
	return resp.StatusCode, body, err
}
