package mockcarrier

import (
	"errors"
	"fmt"
	"maps"
	"net/http"
	"os"
	"slices"
	"strings"
	"time"

	"oalab/chaos/upstream"
	"oalab/server/carrier"
)

// opWSDL is what fault rules call the fetching of the WSDL.
const opWSDL = "WSDL"

// ControlHandler serves the control port:
//
//	POST /control/reset
//	GET|PUT /control/faults      array of upstream.Rule, [] heals
//	GET|PUT /control/settings    {"dedup": true, "sold_out": ["DM5"]}, or one of both
//	GET /control/ledger          JSON lines; filters op, serial, phone, since
//	GET /control/subscriber      ?phone=: what a number has, its password too
//	GET /control/money           what the books add up to (Money)
//
// Errors are {"error": "…"} with a 4xx status, or 500 when the disk fails.
func (c *Carrier) ControlHandler() http.Handler {
	faults := c.rules.Handler(acceptRule).ServeHTTP
	mux := http.NewServeMux()
	for path, methods := range map[string]map[string]http.HandlerFunc{
		"/control/reset":      {http.MethodPost: c.serveReset},
		"/control/faults":     {http.MethodGet: faults, http.MethodPut: faults},
		"/control/settings":   {http.MethodGet: c.serveSettings, http.MethodPut: c.serveSettings},
		"/control/ledger":     {http.MethodGet: c.serveLedger},
		"/control/subscriber": {http.MethodGet: c.serveSubscriber},
		"/control/money": {http.MethodGet: func(w http.ResponseWriter, _ *http.Request) {
			upstream.WriteJSON(w, http.StatusOK, c.current().accounts.sums())
		}},
	} {
		mux.HandleFunc(path, func(w http.ResponseWriter, r *http.Request) {
			if h := methods[r.Method]; h != nil {
				h(w, r)
				return
			}
			allow := strings.Join(slices.Sorted(maps.Keys(methods)), ", ")
			w.Header().Set("Allow", allow)
			upstream.WriteError(w, http.StatusMethodNotAllowed, fmt.Errorf("%s %s: use %s", r.Method, path, allow))
		})
	}
	mux.HandleFunc("/", func(w http.ResponseWriter, r *http.Request) {
		upstream.WriteError(w, http.StatusNotFound, fmt.Errorf("nothing at %s", r.URL.Path))
	})
	return mux
}

// acceptRule refuses rules that would silently never do anything here.
func acceptRule(r upstream.Rule) error {
	switch {
	case r.Match.Op != "" && r.Match.Op != opWSDL && !carrier.Known(r.Match.Op):
		return fmt.Errorf("match.op: %q is none of %q", r.Match.Op, append(carrier.Operations(), opWSDL))
	case r.Match.Path != "" && r.Match.Path != Path:
		return fmt.Errorf("match.path: %q is not %s", r.Match.Path, Path)
	case r.Match.Account != "":
		return errors.New("match.account: the carrier knows no accounts")
	case r.ErrCode < 0 || r.ErrCode > 9999:
		return fmt.Errorf("errcode: %d is not a result code of four digits", r.ErrCode)
	case r.Action == upstream.ActionDouble && r.Match.Op != "" && !operations[r.Match.Op].effect:
		return fmt.Errorf("action: %s does nothing twice, it has no effect", r.Match.Op)
	case r.Fault != "":
		if err := carrier.CheckFaultCode(r.Fault); err != nil {
			return fmt.Errorf("fault: %w", err)
		}
	}
	return nil
}

func (c *Carrier) serveReset(w http.ResponseWriter, _ *http.Request) {
	if err := c.Reset(); err != nil {
		upstream.WriteError(w, http.StatusInternalServerError, err)
		return
	}
	upstream.WriteJSON(w, http.StatusOK, struct{}{})
}

// settings are what can be changed while the carrier runs.
type settings struct {
	Dedup *bool `json:"dedup,omitempty"`
	// SoldOut are products of which there is no more.
	SoldOut *[]string `json:"sold_out,omitempty"`
}

func (c *Carrier) serveSettings(w http.ResponseWriter, r *http.Request) {
	if r.Method == http.MethodPut {
		var s settings
		err := upstream.ReadJSON(w, r, &s)
		if err == nil && s.Dedup == nil && s.SoldOut == nil {
			err = errors.New("dedup or sold_out: both are missing")
		}
		if err != nil {
			upstream.WriteError(w, http.StatusBadRequest, err)
			return
		}
		if s.Dedup != nil {
			c.noDedup.Store(!*s.Dedup)
		}
		if s.SoldOut != nil {
			c.soldOut.Store(s.SoldOut)
		}
	}
	dedup := !c.noDedup.Load()
	upstream.WriteJSON(w, http.StatusOK, settings{Dedup: &dedup, SoldOut: c.soldOut.Load()})
}

func (c *Carrier) serveLedger(w http.ResponseWriter, r *http.Request) {
	f, err := newFilter(r.URL.Query())
	if err != nil {
		upstream.WriteError(w, http.StatusBadRequest, err)
		return
	}
	c.mu.RLock() // a reset in between would take the file away
	file, err := os.Open(c.ledger.path)
	c.mu.RUnlock()
	if err != nil {
		upstream.WriteError(w, http.StatusInternalServerError, err)
		return
	}
	defer file.Close()
	w.Header().Set("Content-Type", "application/x-ndjson")
	if err := stream(w, file, f); err != nil && r.Context().Err() == nil {
		// The status is out already: a broken connection is the only way left to
		// tell the reader that lines are missing.
		c.cfg.Log.Error("streaming the ledger failed", "error", err)
		panic(http.ErrAbortHandler)
	}
}

// serveSubscriber tells what a number has.
func (c *Carrier) serveSubscriber(w http.ResponseWriter, r *http.Request) {
	number, now := r.URL.Query().Get("phone"), time.Now()
	if !isNumber(number) {
		upstream.WriteError(w, http.StatusBadRequest, fmt.Errorf("phone: %q is not a number of 11 digits", number))
		return
	}
	s, at := c.current().accounts.subscriber(number), regionOf(number)
	upstream.WriteJSON(w, http.StatusOK, map[string]any{
		"phone": number, "carrier": carrierOf(number), "own": c.own(number), "province": at.province, "city": at.city,
		"package": s.packageAt(now).code, "balance_fen": s.balance(), "points": s.describePoints(now).Points, "password": s.password(),
	})
}
