package upstream

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strings"
	"time"

	"oalab/chaos"
)

const (
	callTimeout = 5 * time.Second
	pollEvery   = 20 * time.Millisecond
)

// Controller sets the rules of one mock over its control port. The port only replaces the
// whole set of rules. Therefore the controller keeps the union of the rules of all injected
// faults, and a recovered fault takes out its own rules only. Each mock must have one
// Controller only. It is safe for concurrent use.
type Controller struct {
	url    string
	client *http.Client
	// turn holds the state. A goroutine that has taken it out may change it, and keeps it
	// while it sets rules. Otherwise the mock could see the changes in another order.
	turn chan *union
}

type union struct{ faults []*fault } // those that are in, in the order they came

func (u *union) rules() []Rule {
	rules := []Rule{}
	for _, f := range u.faults {
		rules = append(rules, f.rules...)
	}
	return rules
}

func (u *union) remove(f *fault) {
	for i, other := range u.faults {
		if other == f {
			u.faults = append(u.faults[:i:i], u.faults[i+1:]...)
			return
		}
	}
}

// NewController returns a controller of the mock whose control port is at a URL
// such as http://127.0.0.1:9001. It does not connect yet.
func NewController(controlURL string) *Controller {
	c := &Controller{
		url: strings.TrimSuffix(controlURL, "/"),
		// Calls are rare: no idle connections to look after, and no proxy of the
		// environment between the harness and its own mock.
		client: &http.Client{Transport: &http.Transport{DisableKeepAlives: true}},
		turn:   make(chan *union, 1),
	}
	c.turn <- &union{}
	return c
}

// Reset brings the mock back to its beginning (POST /control/reset) and forgets
// all faults.
func (c *Controller) Reset(ctx context.Context) error {
	return c.change(ctx, func(u *union) error {
		u.faults = nil
		_, err := c.call(ctx, http.MethodPost, "/control/reset", nil)
		return err
	})
}

// Rules returns the rules that are in force at the mock, read from it.
func (c *Controller) Rules(ctx context.Context) ([]Rule, error) {
	body, err := c.call(ctx, http.MethodGet, "/control/faults", nil)
	if err != nil {
		return nil, err
	}
	var rules []Rule
	if err := json.Unmarshal(body, &rules); err != nil {
		return nil, fmt.Errorf("read the rules of %s: %w", c.url, err)
	}
	return rules, nil
}

// change runs do with exclusive use of the union.
func (c *Controller) change(ctx context.Context, do func(*union) error) error {
	select {
	case u := <-c.turn:
		defer func() { c.turn <- u }()
		return do(u)
	case <-ctx.Done():
		return fmt.Errorf("wait for the controller of %s: %w", c.url, ctx.Err())
	}
}

func (c *Controller) put(ctx context.Context, u *union) error {
	body, err := json.Marshal(u.rules())
	if err != nil {
		return fmt.Errorf("write the rules for %s: %w", c.url, err)
	}
	_, err = c.call(ctx, http.MethodPut, "/control/faults", body)
	return err
}

// await polls until look returns nil. The error of a wait without success
// tells what was seen last.
func (c *Controller) await(ctx context.Context, look func(inForce []Rule) error) error {
	tick := time.NewTicker(pollEvery)
	defer tick.Stop()
	last := errors.New("never looked")
	for {
		if rules, err := c.Rules(ctx); err != nil {
			if ctx.Err() == nil { // else it is only the wait that ended
				last = err
			}
		} else if last = look(rules); last == nil {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return fmt.Errorf("%w, last seen: %w", ctx.Err(), last)
		}
	}
}

func (c *Controller) call(ctx context.Context, method, path string, body []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, chaos.Patient(ctx, callTimeout))
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, method, c.url+path, bytes.NewReader(body))
	if err != nil {
		return nil, fmt.Errorf("control port: %w", err)
	}
	if body != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	resp, err := c.client.Do(req)
	if err != nil {
		return nil, fmt.Errorf("control port: %w", err)
	}
	defer resp.Body.Close()
	answer, err := io.ReadAll(io.LimitReader(resp.Body, maxControlBody))
	if err != nil {
		return nil, fmt.Errorf("control port %s %s%s: %w", method, c.url, path, err)
	}
	if resp.StatusCode/100 != 2 {
		return nil, fmt.Errorf("control port %s %s%s answered %s: %s", method, c.url, path, resp.Status, bytes.TrimSpace(answer))
	}
	return answer, nil
}
