package packet

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"math"
	"net/http"
	"strconv"
	"time"

	"oalab/server/internal/resilience"
	"oalab/server/internal/web"
)

// call is what one call of the API has.
type call struct {
	name    string
	account string
	openid  string
	r       *http.Request
	path    web.Path
}

// Routes are the addresses of the API. It takes who asks from the login alone.
func (s *Service) Routes() []web.Route {
	route := func(method, pattern, name string, limit *resilience.Buckets, do func(ctx context.Context, c call) (any, error)) web.Route {
		return web.Route{Method: method, Pattern: "/api/v1/packets/{account}/" + pattern, Area: web.API, Serve: s.serve(name, limit, do)}
	}
	return []web.Route{
		route(http.MethodGet, "balance", callBalance, s.grabs, s.balance),
		route(http.MethodPost, "send", callSend, s.sends, s.send),
		route(http.MethodGet, "packet/{id}", callLook, s.grabs, s.look),
		route(http.MethodPost, "packet/{id}/grab", callGrab, s.grabs, s.grab),
		route(http.MethodPost, "daily", callDaily, s.sends, s.daily),
		route(http.MethodPost, "redeem", callRedeem, s.sends, s.redeem),
		route(http.MethodGet, "history", callHistory, s.grabs, s.history),
	}
}

// serve lets followers who are logged in make a call, counts it, and says what is refused. Nothing
// on the way may keep an answer.
func (s *Service) serve(name string, limit *resilience.Buckets, do func(ctx context.Context, c call) (any, error)) web.Serve {
	return func(w http.ResponseWriter, r *http.Request, path web.Path) error {
		c := call{name: name, account: path.Param("account"), r: r, path: path}
		w.Header().Set("Cache-Control", "no-store")
		who, err := s.followers.Follower(w, r, c.account)
		if err == nil && !s.accounts[c.account] {
			err = web.ErrNotFound
		}
		if err != nil {
			s.metrics.calls.WithLabelValues(name, resultLogin).Inc()
			return err
		}
		c.openid = who.OpenID
		if who.Snapshot {
			return s.refuse(w, c, errSnapshot)
		}
		if wait := limit.Take(c.account + " " + c.openid); wait > 0 {
			return s.refuse(w, c, oftenError{wait})
		}
		data, err := do(r.Context(), c)
		if err != nil {
			return s.refuse(w, c, err)
		}
		s.metrics.calls.WithLabelValues(name, resultDone).Inc()
		return web.OK(w, data)
	}
}

// refuse says why a call was not done. An error that is no refusal is one of the system.
func (s *Service) refuse(w http.ResponseWriter, c call, cause error) error {
	as := refusalOf(cause)
	if as == nil {
		if c.r.Context().Err() != nil {
			s.metrics.calls.WithLabelValues(c.name, resultStopped).Inc()
			return web.ErrUnavailable
		}
		as = errAway
		if times, tell := s.metrics.warnings.Tell(c.name, time.Now()); tell {
			s.log.WarnContext(c.r.Context(), "a call of the red packets failed", "call", c.name, "account", c.account, "times", times, "error", cause)
		}
	}
	s.metrics.calls.WithLabelValues(c.name, as.Reason).Inc()
	data := map[string]any{"reason": as.Reason}
	if g, ok := errors.AsType[grabbedError](cause); ok {
		data["units"] = g.units
	}
	switch as.Status {
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		wait := time.Second
		if o, ok := errors.AsType[oftenError](cause); ok {
			wait = o.wait
		}
		w.Header().Set("Retry-After", strconv.Itoa(int(math.Ceil(wait.Seconds()))))
	}
	return web.Refuse(w, as.Status, as.Text, data)
}

// read reads the JSON object of a call, and nothing else.
func read(r *http.Request, into any) error {
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		if _, large := errors.AsType[*http.MaxBytesError](err); large {
			return err
		}
		return errForm
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errForm
	}
	return nil
}
