package probe

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"strconv"

	"oalab/scenarios/history"
)

// stubStatus is a page of Nginx's stub_status.
var stubStatus = regexp.MustCompile(`^Active connections: (\d+) \nserver accepts handled requests\n (\d+) (\d+) (\d+) \n` +
	`Reading: (\d+) Writing: (\d+) Waiting: (\d+) \n$`)

// stubSeries are its values in order.
var stubSeries = []string{
	history.SeriesActive, history.SeriesAccepts, history.SeriesHandled, history.SeriesRequests,
	history.SeriesReading, history.SeriesWriting, history.SeriesWaiting,
}

// headerAppServers tells how many app servers the running configuration has (docker/lb).
const headerAppServers = "X-App-Servers"

// Nginx returns a probe of a load balancer's page of stub_status: its seven values and,
// from the header, how many app servers it uses. Each question is a request that Nginx
// counts.
func Nginx(url string) Func {
	client := newClient()
	return func(ctx context.Context) (_ []Reading, err error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
		if err != nil {
			return nil, err
		}
		resp, err := client.Do(req)
		if err != nil {
			return nil, err
		}
		defer func() { err = errors.Join(err, resp.Body.Close()) }()
		page, err := io.ReadAll(io.LimitReader(resp.Body, 1<<12))
		if err != nil {
			return nil, err
		}
		values := stubStatus.FindSubmatch(page)
		if resp.StatusCode != http.StatusOK || values == nil {
			return nil, fmt.Errorf("GET %s: %s and no page of stub_status", url, resp.Status)
		}
		var readings []Reading
		for i, name := range stubSeries {
			readings = append(readings, number(name, string(values[i+1])))
		}
		return append(readings, number(history.SeriesAppServers, resp.Header.Get(headerAppServers))), nil
	}
}

// number is the reading of a whole number.
func number(name, text string) Reading {
	n, err := strconv.ParseUint(text, 10, 53)
	if err != nil {
		return Reading{Name: name, Err: fmt.Errorf("%q is no count", text)}
	}
	return Reading{Name: name, Value: float64(n)}
}
